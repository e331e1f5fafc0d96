"""CSV: the same bytes as the standard library's writer, whatever is in the cells, and nothing that a spreadsheet runs."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extracted.reporting.definitions import Column, Kind
from extracted.reporting.writing.cells import FORMULA, moment_text, money_text
from extracted.reporting.writing.csv_text import csv_lines

ODD = st.text(st.sampled_from('ab,;"\r\n\0\t=+-@ é×😀\ud800'), max_size=6)
CENTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
VALUES = {
    Kind.TEXT: ODD,
    Kind.NUMBER: st.integers() | st.decimals(allow_nan=False) | st.floats(allow_nan=False) | ODD,
    Kind.MONEY: CENTS | CENTS.map(str) | st.floats(-1e9, 1e9) | st.decimals(-(10**9), 10**9, places=6),
    Kind.DAY: st.dates() | st.dates().map(str),
    Kind.MOMENT: st.datetimes() | st.datetimes(timezones=st.just(UTC)) | st.datetimes().map(str),
}


@st.composite
def tables(draw):
    """Draw columns with their rows; a column is all of one kind of value, or mixed, with or without gaps, or repeats."""
    kinds = draw(st.lists(st.sampled_from(list(Kind)), min_size=1, max_size=4))
    count = draw(st.integers(1, 12))
    columns = []
    for kind in kinds:
        values = VALUES[kind]
        if draw(st.booleans()):
            values = st.sampled_from(draw(st.lists(values, min_size=1, max_size=2)))
        if draw(st.booleans()):
            values |= st.none()
        columns.append(draw(st.lists(values, min_size=count, max_size=count)))
    return kinds, list(zip(*columns, strict=True))


@given(tables())
def test_lines_are_those_of_the_standard_library(table):
    kinds, rows = table
    assert csv_lines(columns(kinds), rows) == standard(kinds, rows)


def test_a_key_behind_the_columns_is_no_cell():
    assert csv_lines(columns([Kind.TEXT]), [("a", 17)]) == b"a\r\n"


def test_no_rows_are_no_lines():
    assert csv_lines(columns([Kind.TEXT]), []) == b""


@pytest.mark.parametrize(
    ("kind", "values", "cells"),
    [
        (Kind.TEXT, ["=1+1", "a,b", 'a"b', "-x", None, ""], ["'=1+1", '"a,b"', '"a""b"', "'-x", '""', '""']),
        (Kind.MONEY, [Decimal("1.50"), Decimal(0), None, 2.5, "3.5", "1.25"], ["1.50", "0.00", '""', "2.50", "3.50", "1.25"]),
        (Kind.DAY, [date(2026, 1, 31), "2026-01-31"], ["2026-01-31", "2026-01-31"]),
        (Kind.MOMENT, ["2026-01-31 10:00:00.000000", datetime(2026, 1, 31, 10, tzinfo=UTC)], ["2026-01-31 10:00:00+00:00"] * 2),
    ],
)  # fmt: skip
def test_cells_by_kind(kind, values, cells):
    written = csv_lines(columns([kind]), [(value,) for value in values])
    assert written.decode().split("\r\n") == [*cells, ""]


def columns(kinds):
    return tuple(Column(name=f"c{number}", title="C", kind=kind) for number, kind in enumerate(kinds))


def standard(kinds, rows):
    """Write *rows* with `csv.writer`, a cell at a time."""
    text = StringIO(newline="")
    csv.writer(text).writerows(
        [prepared(kind, value) for kind, value in zip(kinds, row, strict=True)] for row in rows
    )
    return text.getvalue().replace("\0", "�").encode(errors="replace")


def prepared(kind, value):
    if kind is Kind.TEXT:
        return f"'{value}" if value and value[0] in FORMULA else value
    if kind is Kind.MONEY:
        return money_text(value)
    return moment_text(value) if kind is Kind.MOMENT else value
