"""Writes rows as a CSV file that a spreadsheet opens without running anything."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from django.http import HttpResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_response(rows: Sequence[Any], *, row_type: type, name: str) -> HttpResponse:
    """Return the dataclass instances *rows* as a download called *name*, one column per field."""
    columns = [each.name for each in fields(row_type)]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(response)
    writer.writerow(columns)
    writer.writerows(_cells(asdict(row).values()) for row in rows)
    return response


def _cells(values: Iterable[Any]) -> list[Any]:
    return [
        f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for value in values
    ]
