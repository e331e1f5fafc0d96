"""CSV and XLSX as tables of cells."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._extras import library
from strangler.core.comparison._html import UnreadableError
from strangler.core.comparison._json import compare_json
from strangler.core.comparison._values import compare_value

if TYPE_CHECKING:
    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path

_MAX_CELLS = 200_000
_MAX_UNPACKED = 50_000_000
_MAX_MEMBERS = 500

Table = list[list[Any]]


def compare_tables(context: Context, path: Path, control: Table, candidate: Table) -> None:
    """Compare two tables: first the names of the columns, then the rows, each cell by the name of its column."""
    header, other_header = control[:1], candidate[:1]
    compare_json(
        context, (*path, "columns"), *(table[0] if table else [] for table in (header, other_header))
    )
    compare_json(context, (*path, "rows"), _rows(control), _rows(candidate))


def _rows(table: Table) -> list[Any]:
    if not table or len({str(name) for name in table[0]}) != len(table[0]):
        return table[1:]
    names = [str(name) for name in table[0]]
    return [dict(zip(names, row, strict=False)) if len(row) == len(names) else row for row in table[1:]]


def parse_csv(text: str) -> tuple[str, Table]:
    """Return the delimiter and the cells of a CSV text.

    Raises: UnreadableError: it is none.
    """
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableError(str(error)) from None
    if sum(map(len, rows)) > _MAX_CELLS:
        raise UnreadableError("too many cells")
    return delimiter, [list(row) for row in rows if row]


def compare_csv(context: Context, path: Path, control: str, candidate: str) -> None:
    """Compare two CSV texts by cell; quoting and line ends say nothing, the delimiter does.

    Raises: UnreadableError: one of them is none.
    """
    (delimiter, one), (other_delimiter, two) = parse_csv(control), parse_csv(candidate)
    compare_value(context, (*path, "delimiter"), delimiter, other_delimiter)
    if delimiter == other_delimiter:
        compare_tables(context, path, one, two)


def compare_xlsx(context: Context, path: Path, control: bytes, candidate: bytes) -> None:
    """Compare two workbooks by sheet and cell.

    Raises: UnreadableError: one of them is none.
    """
    one, two = parse_xlsx(control), parse_xlsx(candidate)
    compare_json(context, (*path, "sheets"), list(one), list(two))
    for name in one:
        if name in two:
            compare_tables(context, (*path, name), one[name], two[name])


def parse_xlsx(body: bytes) -> dict[str, Table]:
    """Return the cells of a workbook by sheet.

    Raises: UnreadableError: it is none, or unpacks to more than 50 MB.
    """
    openpyxl = library("openpyxl", package="openpyxl")
    library("defusedxml", package="defusedxml")
    _refuse_bombs(body)
    try:
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
            return {sheet.title: _cells(sheet) for sheet in book.worksheets}
    except UnreadableError:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a broken file makes it raise
        raise UnreadableError(f"{type(error).__name__}: {error}"[:200]) from None


def _refuse_bombs(body: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableError(str(error)) from None
    if len(members) > _MAX_MEMBERS or sum(member.file_size for member in members) > _MAX_UNPACKED:
        raise UnreadableError("too large when unpacked")


def _cells(sheet: Any) -> Table:
    rows: Table = []
    left = _MAX_CELLS
    for row in sheet.iter_rows(values_only=True):
        left -= len(row)
        if left < 0:
            raise UnreadableError("too many cells")
        rows.append([_plain(value) for value in row])
    while rows and not any(value is not None for value in rows[-1]):
        rows.pop()
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
