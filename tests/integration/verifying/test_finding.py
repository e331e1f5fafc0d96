"""Every difference is found, and named down to the column; equal tables are equal."""

from __future__ import annotations

import pytest
from django.db import connections

from strangler.move.report import Kind
from tests.integration.verifying.conftest import ROWS, row


def found(report):
    """Return key → columns that differ."""
    return {difference.key[0]: set(difference.columns) for difference in report.differences}


def test_equal_tables_are_equal(two):
    report = two.verify()
    assert [str(difference) for difference in report.differences[:3]] == []
    assert (report.source_rows, report.target_rows) == (ROWS, ROWS)


def test_an_even_number_of_rows_shifted_by_an_hour_is_found(two):
    """The XOR of CRC32 does not see them."""
    shift = {
        "mysql": "moment + INTERVAL 1 HOUR",
        "postgresql": "moment + INTERVAL '1 hour'",
        "sqlite": "replace(moment, ' 12:', ' 13:')",
    }[two.vendor("target")]
    two.on("target", f"UPDATE sample SET moment = {shift} WHERE id BETWEEN 101 AND 200")
    assert found(two.verify()) == {str(number): {"moment"} for number in range(101, 201)}


def test_two_flipped_flags_are_found(two):
    two.on("target", "UPDATE sample SET is_staff = NOT is_staff WHERE id IN (7, 8)")
    assert found(two.verify()) == {"7": {"is_staff"}, "8": {"is_staff"}}


def test_values_swapped_between_columns_are_found(two):
    two.on("source", "UPDATE sample SET note = 'one', other = 'two' WHERE id = 9")
    two.on("target", "UPDATE sample SET note = 'two', other = 'one' WHERE id = 9")
    assert found(two.verify()) == {"9": {"note", "other"}}


def test_values_swapped_between_rows_are_found(two):
    two.on("target", "UPDATE sample SET amount = 21 - amount WHERE id IN (9, 11)")
    assert found(two.verify()) == {"9": {"amount"}, "11": {"amount"}}


def test_a_border_that_moves_between_columns_is_found(two):
    two.on("source", "UPDATE sample SET name = 'ab', note = 'c' WHERE id = 9")
    two.on("target", "UPDATE sample SET name = 'a', note = 'bc' WHERE id = 9")
    assert found(two.verify()) == {"9": {"name", "note"}}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", ""),  # was NULL
        ("name", "Zoë 12 🦊 "),
        ("name", "Zoë 12 ?"),
        ("name", "zoë 12 🦊"),
        ("name", "Zoe\u0308 12 🦊"),
        ("moment", "2024-02-13 12:34:56"),
        ("clock", "01:02:03"),
        ("amount", "12.51"),
        ("ratio", 12.0),
        ("day", None),
        ("ident", "f" * 32),
        ("raw", b"\x0c\x00\xfe"),
        ("data", '{"b": 12, "a": [1, 2.5, null, "y"]}'),
        ("data", '{"b": 12, "a": [2.5, 1, null, "x"]}'),
        ("single", 4.0000005),
    ],
)
def test_a_changed_value_is_found(two, column, value):
    two.on("target", f"UPDATE sample SET {column} = %s WHERE id = 12", value)
    assert found(two.verify()) == {"12": {column}}


def test_rows_that_only_one_side_has_are_found(two):
    two.on("target", "DELETE FROM sample WHERE id IN (1, 300)")
    two.insert("target", row(ROWS + 1))
    kinds = {difference.key[0]: difference.kind for difference in two.verify().differences}
    assert kinds == {"1": Kind.MISSING, "300": Kind.MISSING, "301": Kind.EXTRA}


def test_a_table_that_is_empty_on_the_target_lacks_every_row(two):
    two.on("target", "DELETE FROM sample")
    report = two.verify()
    assert [difference.kind for difference in report.differences] == [Kind.MISSING] * ROWS
    assert report.target_rows == 0


def test_another_order_of_json_keys_is_accepted_by_name(two):
    two.on("target", """UPDATE sample SET data = '{"a": [1, 2.5, null, "x"],"b": 12}' WHERE id = 12""")
    report = two.verify()
    if two.vendor("target") == "sqlite":  # has no JSON type: a text is a text
        assert found(report) == {"12": {"data"}}
        return
    assert report.differences == ()
    if two.vendor("source") == two.vendor("target"):
        assert [str(remark) for remark in report.accepted] == ["data: JSON key order"]
        assert report.accepted_rows == 1


@pytest.mark.parametrize("kinds", ["mariadb-postgres", "postgres-postgres"])
def test_a_negative_zero_is_not_zero(two_of, kinds):
    """MariaDB and SQLite themselves store 0.0 for -0.0."""
    two = two_of(kinds)
    two.fill("source")
    two.fill("target")
    two.on("source", "UPDATE sample SET ratio = 0.0 WHERE id = 12")
    two.on("target", "UPDATE sample SET ratio = '-0'::float8 WHERE id = 12")
    assert found(two.verify()) == {"12": {"ratio"}}


def test_the_limit_cuts_the_list_short_and_says_so(two):
    two.on("target", "UPDATE sample SET name = 'x'")
    report = two.verify(limit=10)
    assert len(report.differences) == 10
    assert not report.is_complete


def test_a_difference_says_what_both_sides_have(two):
    two.on("target", "UPDATE sample SET amount = 1 WHERE id = 12")
    (difference,) = two.verify().differences
    assert difference.key == ("12",)
    source, target = difference.columns["amount"]
    assert (float(source), float(target)) == (12.5, 1)


def test_connections_of_the_caller_are_left_alone(two):
    before = connections[two.source].connection
    two.verify()
    assert connections[two.source].connection is before
