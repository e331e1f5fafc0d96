"""Who met the fence, and what counts as a write."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from strangler import fences


class PostgreSQLError(Exception):
    sqlstate = fences.SQLSTATE


class SQLiteError(Exception):
    sqlite_errorname = "SQLITE_CONSTRAINT_TRIGGER"


def test_the_error_of_each_engine_is_recognised_by_its_number_and_names_service_and_table():
    text = fences.sentence("images", "photos_photo")
    errors = [OperationalError(fences.MYSQL_ERRNO, text), OperationalError(text), OperationalError(text)]
    errors[1].__cause__, errors[2].__cause__ = PostgreSQLError(text), SQLiteError(text)
    for error in errors:
        met = fences.recognise(error)
        assert (met.move, met.table) == ("images", "photos_photo")


def test_the_same_words_from_anybody_else_are_no_fence():
    assert fences.recognise(OperationalError(1644, fences.sentence("images", "photos_photo"))) is None
    other = OperationalError("a trigger of somebody else")
    other.__cause__ = SQLiteError()
    assert fences.recognise(other) is None


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
    assert fences.is_read(sql) is is_read
