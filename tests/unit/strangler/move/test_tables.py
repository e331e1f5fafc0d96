"""Tables are copied after those that they refer to."""

from __future__ import annotations

from strangler.move.dialects.base import ForeignKey
from strangler.move.tables import in_order


def key(table, target):
    return ForeignKey(
        name=f"{table}_{target}", table=table, columns=("x",), target_table=target, target_columns=("id",)
    )


def same(*names):
    return {name: name for name in names}


def test_parents_come_first():
    keys = [key("tag", "photo"), key("photo", "album"), key("photo", "elsewhere")]
    assert in_order(same("tag", "photo", "album"), foreign_keys=keys) == ["album", "photo", "tag"]


def test_without_keys_the_order_is_kept():
    assert in_order(same("b", "a", "c"), foreign_keys=[]) == ["b", "a", "c"]


def test_a_table_that_refers_to_itself_and_a_circle_are_ordered_all_the_same():
    keys = [key("a", "a"), key("b", "c"), key("c", "b")]
    assert sorted(in_order(same("a", "b", "c"), foreign_keys=keys)) == ["a", "b", "c"]
