"""Who met the fence, and whether the work may be done once more."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from strangler.errors import FenceRaised
from strangler.isolation import meeting


class PostgreSQLError(Exception):
    sqlstate = meeting.SQLSTATE


class SQLiteError(Exception):
    sqlite_errorname = "SQLITE_CONSTRAINT_TRIGGER"


def test_the_error_of_each_engine_is_recognised_by_its_number_and_names_service_and_table():
    text = meeting.sentence("images", "photos_photo")
    errors = [OperationalError(meeting.MYSQL_ERRNO, text), OperationalError(text), OperationalError(text)]
    errors[1].__cause__, errors[2].__cause__ = PostgreSQLError(text), SQLiteError(text)
    for error in errors:
        met = meeting.recognise(error)
        assert (met.move, met.table) == ("images", "photos_photo")


def test_the_same_words_from_anybody_else_are_no_fence():
    assert meeting.recognise(OperationalError(1644, meeting.sentence("images", "photos_photo"))) is None
    other = OperationalError("a trigger of somebody else")
    other.__cause__ = SQLiteError()
    assert meeting.recognise(other) is None


@pytest.mark.parametrize(
    ("sql", "is_read"),
    [
        ("SELECT 1", True),
        (" (SELECT 1) UNION (SELECT 2)", True),
        ('SAVEPOINT "s1"', True),
        ("WITH a AS (SELECT 1)\nSELECT * FROM a", True),
        ("WITH a AS (SELECT 1)\nDELETE FROM b", False),
        ("INSERT INTO a VALUES (1)", False),
        ("CALL something()", False),
        ("SETTLE", False),
    ],
)
def test_whatever_is_not_known_to_read_counts_as_a_write(sql, is_read):
    assert bool(meeting._READS.match(sql)) is is_read


def work_that_meets(times):
    done = []

    def work():
        done.append(1)
        if len(done) <= times:
            met = FenceRaised("images", table="photos_photo")
            meeting._attempt.get().met = met
            raise met
        return len(done)

    return work


@pytest.fixture
def settled(monkeypatch):
    services = []
    monkeypatch.setattr(meeting.snapshot, "can_change", lambda: True)
    monkeypatch.setattr(meeting, "settle", lambda met: services.append(met.move))
    return services


def test_work_that_meets_the_fence_is_done_again_after_the_owner_was_looked_up(settled):
    assert meeting.retry(work_that_meets(2)) == 3
    assert settled == ["images", "images"]


def test_work_that_has_committed_is_not_done_again(settled):
    def work():
        meeting._attempt.get().has_committed = True
        return work_that_meets(1)()

    with pytest.raises(FenceRaised):
        meeting.retry(work)
    assert settled == []


def test_a_decorated_task_is_done_again(settled):
    meets = work_that_meets(1)
    assert meeting.again(lambda word: (word, meets()))("here") == ("here", 2)


def test_what_an_inner_attempt_committed_counts_for_the_outer_one():
    with meeting.attempting() as outer, meeting.attempting() as inner:
        inner.has_committed = True
    assert outer.has_committed
