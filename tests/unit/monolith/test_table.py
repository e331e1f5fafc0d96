"""Reports as CSV."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from monolith.reports.table import csv_response


@dataclass
class Row:
    name: str
    amount: Decimal


def lines(*rows):
    return csv_response(list(rows), row_type=Row, name="report").text.splitlines()


def test_the_columns_are_the_fields():
    assert lines(Row("Ada", Decimal("1.50")), Row('say "hi", you', Decimal(-2))) == [
        "name,amount",
        "Ada,1.50",
        '"say ""hi"", you",-2',
    ]


def test_no_rows_still_have_a_heading():
    assert lines() == ["name,amount"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_text_that_a_spreadsheet_would_run_stays_a_text(start):
    assert lines(Row(f"{start}cmd()", Decimal(1)))[1] == f"'{start}cmd(),1"
