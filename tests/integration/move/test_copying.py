"""Tables are copied whole and exactly, whatever their keys are."""

from __future__ import annotations

import uuid

import pytest

from strangler.core.stages import MoveStage
from strangler.move import records
from strangler.move.dialects.base import Load
from strangler.move.throttle import Limits

PHOTOS = "CREATE TABLE photo (id BIGINT PRIMARY KEY, title VARCHAR(200) NOT NULL, width INTEGER NULL)"


@pytest.fixture
def small_chunks(monkeypatch):
    """Take a hundred rows at a time at most, so that small tables have many chunks."""
    monkeypatch.setattr("strangler.move.chunks.LARGEST", 100)
    monkeypatch.setattr("strangler.move.chunks.FIRST", 100)


def test_an_empty_table_is_copied(any_world):
    any_world.both(PHOTOS)
    record = any_world.move("photo")
    any_world.run(record)
    assert record.at is MoveStage.FOLLOWING
    assert any_world.count("target", "photo") == 0


@pytest.mark.usefixtures("small_chunks")
def test_many_chunks_bring_every_row(any_world):
    any_world.both(PHOTOS)
    rows = [(number * 7, f"photo\t{number}\n\\N", number if number % 3 else None) for number in range(1_050)]
    any_world.write_many("INSERT INTO photo VALUES (%s, %s, %s)", rows)
    record = any_world.move("photo")
    any_world.run(record)
    assert any_world.rows("target", "photo") == rows


@pytest.mark.usefixtures("small_chunks")
def test_a_composite_key_brings_every_row(any_world):
    any_world.both("CREATE TABLE part (a INTEGER, b VARCHAR(20), c INTEGER, PRIMARY KEY (b, a))")
    rows = [(a, f"part {b}", a * b) for a in range(40) for b in range(40)]
    any_world.write_many("INSERT INTO part VALUES (%s, %s, %s)", rows)
    any_world.run(any_world.move("part"))
    assert any_world.count("target", "part") == 1_600
    assert any_world.same("part", order="b, a")


@pytest.mark.usefixtures("small_chunks")
def test_a_uuid_key_brings_every_row(any_world):
    type_ = {"postgresql": "uuid"}.get(any_world.pair.source.name, "char(32)")
    any_world.both(f"CREATE TABLE upload (id {type_} PRIMARY KEY, n INTEGER)")
    any_world.write_many(
        "INSERT INTO upload VALUES (%s, %s)", [(uuid.uuid4().hex, number) for number in range(700)]
    )
    any_world.run(any_world.move("upload"))
    assert any_world.count("target", "upload") == 700
    assert any_world.same("upload")


def test_a_server_tells_how_busy_it_is(any_world):
    load = any_world.pair.source.measure()
    if any_world.pair.source.name == "sqlite":
        assert load.running_threads is None
    else:
        assert load.running_threads >= 1
    assert load.replica_lag is None


def test_a_busy_server_is_waited_for(mariadb_world):
    mariadb_world.both(PHOTOS)
    mariadb_world.write("INSERT INTO photo VALUES (1, 'one', NULL)")
    record = mariadb_world.move("photo")
    records.throttle(record, Limits(running_threads=1), actor="tests")
    runner = mariadb_world.runner(record)
    busy = iter([Load(running_threads=5), Load(running_threads=5)])
    measured = mariadb_world.pair.source.measure
    mariadb_world.pair.source.measure = lambda: next(busy, None) or Load(running_threads=1)
    runner.run(until=MoveStage.FOLLOWING)
    assert measured().running_threads >= 1
    assert next(busy, None) is None
    assert mariadb_world.same("photo")
