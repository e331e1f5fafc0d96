"""What a shape says of a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from strangler.move.dialects.base import Column, Kind, TableShape, Trigger

ID = Column(name="id", kind=Kind.INTEGER, type="bigint", definition="bigint", is_nullable=False)
TITLE = Column(name="title", kind=Kind.TEXT, type="varchar", definition="varchar(9)", collation="utf8mb4_bin")
SUM = Column(name="sum", kind=Kind.INTEGER, type="int", definition="int", is_generated=True)
SHAPE = TableShape(name="photo", columns=(ID, TITLE, SUM), primary_key=("id",))


def test_generated_columns_are_not_stored():
    assert [column.name for column in SHAPE.stored] == ["id", "title"]
    assert SHAPE.key_columns == (ID,)
    with pytest.raises(KeyError):
        SHAPE.column("nothing")


@pytest.mark.parametrize(
    "other",
    [
        replace(SHAPE, columns=(ID, TITLE)),
        replace(SHAPE, columns=(ID, replace(TITLE, definition="varchar(8)"), SUM)),
        replace(SHAPE, columns=(ID, replace(TITLE, collation="utf8mb4_general_ci"), SUM)),
        replace(SHAPE, columns=(ID, replace(TITLE, is_nullable=False), SUM)),
        replace(SHAPE, primary_key=("id", "title")),
    ],
)
def test_the_signature_changes_with_columns_and_key(other):
    assert other.signature != SHAPE.signature


def test_the_signature_does_not_change_with_triggers():
    ours = Trigger(name="strangler_log_1_1_insert", timing="AFTER", event="INSERT")
    assert replace(SHAPE, triggers=(ours,), generation="7").signature == SHAPE.signature
    assert ours.is_ours
    assert not replace(ours, name="mine").is_ours
