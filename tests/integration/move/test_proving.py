"""What changed since the verification is compared by content before the other side opens, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from strangler.errors import MoveError
from strangler.move import notes as noting
from strangler.move.databases import connection_to
from strangler.move.dialects.base import Statement
from strangler.move.notes import BEGINNING, Notes
from strangler.move.proving import Compared, proving
from strangler.move.tables import TablePair

KEYS = [(1,), (2,), (3,)]


@pytest.fixture
def world(any_world):
    any_world.both("CREATE TABLE things (id BIGINT NOT NULL PRIMARY KEY, word VARCHAR(20))")
    for number in (1, 2):
        for end in (any_world.pair.source, any_world.pair.target):
            end.execute(
                Statement(sql="INSERT INTO things VALUES (%s, %s)", params=(number, f"word {number}"))
            )
    return any_world


@pytest.fixture
def notes(world):
    notes = Notes(target=world.pair.target, move=7)
    notes.begin()
    return notes


@pytest.fixture
def prover(world, notes, monkeypatch):
    monkeypatch.setattr(
        "strangler.move.proving.source_connection", lambda: connection_to(world.source_url, alias="one")
    )
    monkeypatch.setattr(
        "strangler.move.proving.target_connection", lambda _: connection_to(world.target_url, alias="other")
    )
    pair = world.pair
    table = TablePair(
        number=1, source=pair.source.introspect("things"), target=pair.target.introspect("things")
    )
    with proving(pair, tables=[table], move=7, service="images") as made:
        yield made


def test_noted_rows_that_are_the_same_are_proved_and_forgotten(prover, notes):
    notes.add(1, KEYS)  # the third is on neither side
    assert prover.prove() == 3
    assert list(prover.lessen()) == [Compared(keys=3, differing=0)]
    assert (notes.read(), prover.prove()) == ([], 0)


@pytest.mark.parametrize(
    "sql", ["UPDATE things SET word = 'other' WHERE id = 2", "DELETE FROM things WHERE id = 2"]
)
def test_a_noted_row_that_differs_is_named_and_stays_noted(world, prover, notes, sql):
    world.pair.target.execute(Statement(sql=sql))
    notes.add(1, KEYS)
    assert list(prover.lessen()) == [Compared(keys=3, differing=1)]
    assert [note.keys for note in notes.read()] == [[(2,)]]
    with pytest.raises(MoveError, match=r"1 rows that changed since the verification differ: things 2"):
        prover.prove()


@pytest.mark.parametrize("is_plain", [True, False])
def test_of_many_noted_rows_those_that_differ_stay_noted(world, prover, notes, monkeypatch, is_plain):
    monkeypatch.setattr("strangler.move.proving._Readers.has_plain_keys", is_plain)
    rows = [(number, f"word {number}") for number in range(3, 60)]
    for end in (world.pair.source, world.pair.target):
        for row in rows:
            end.execute(Statement(sql="INSERT INTO things VALUES (%s, %s)", params=row))
    notes.add(1, [(number,) for number in range(1, 60)])
    world.write("UPDATE things SET word = 'other' WHERE id IN (2, 31, 59)")
    world.write("DELETE FROM things WHERE id = 7")
    assert list(prover.lessen()) == [Compared(keys=59, differing=4)]
    (left,) = {tuple(sorted(key for (key,) in note.keys)) for note in notes.read()}
    assert left == (2, 7, 31, 59)


def test_many_notes_are_compared_some_at_a_time(prover, notes, monkeypatch):
    monkeypatch.setattr("strangler.move.proving.PORTION", 2)
    for key in KEYS:
        notes.add(1, [key])
    compared = prover.lessen()
    assert next(compared) == Compared(keys=2, differing=0, left=1)
    assert sum(len(note.keys) for note in notes.read()) == 1
    assert list(compared) == [Compared(keys=1, differing=0)]
    assert notes.read() == []


def test_notes_of_another_verification_prove_nothing(prover, notes):
    notes.begin()
    with pytest.raises(MoveError, match="verified anew"):
        prover.prove()


def test_nothing_is_noted_before_a_verification_and_long_after_it(world, notes, settings):
    Notes(target=world.pair.target, move=8).add(1, KEYS)
    assert Notes(target=world.pair.target, move=8).read() == []
    notes.add(1, KEYS)
    old = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    sql = f"UPDATE {noting.TABLE} SET noted = %s WHERE number = {BEGINNING}"
    world.pair.target.execute(Statement(sql=sql, params=(old,)))
    notes.add(1, KEYS)
    assert (notes.beginning(), notes.read()) == ("", [])


def test_keys_of_any_length_fit_into_the_rows_of_notes(notes):
    keys = [(f"{number}{'x' * 700}",) for number in range(200)]
    notes.add(1, keys)
    assert sorted(key for note in notes.read() for key in note.keys) == sorted(keys)
    assert len(notes.read()) > 1
