"""XLSX, written as the XML that it is: rows in parts, one a sheet, zipped at the end.

XlsxWriter and openpyxl make objects of cells, which costs most of the time, and neither can go on in another process.
What is needed here is little: texts (in the cell, so that no table of them has to stay in memory), numbers, two kinds
of dates, a bold first row that stays in sight. Texts are texts whatever they begin with: `=cmd()` is not run.

Source: ECMA-376 part 1, SpreadsheetML; texts as 18.3.1.53 `is`, escapes as 22.9.2.19 `ST_Xstring`.
"""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from extracted.reporting.definitions import Kind
from extracted.reporting.writing import xlsx_frame as frame
from extracted.reporting.writing.cells import as_day, as_moment
from extracted.reporting.writing.parts import Check, Sheet, Writer

SHEET_ROWS = 1_048_576
"""What a sheet can hold, the row of titles among them."""
TEXT_LENGTH = 32_767
EXACT = 10**15
"""Spreadsheets compute with doubles: longer numbers are written as texts."""
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_DAY_SECONDS = 86_400
_CHUNK = 1 << 20
# Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPE = re.compile("(_x[0-9A-Fa-f]{4}_)")
_TEXT_BEGIN, _TEXT_END = '<c t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
_EMPTY = "<c/>"

Cells = Callable[[Sequence[Any]], list[str]]


class XlsxWriter(Writer):
    """A workbook with as many sheets as the rows need."""

    def __init__(self, folder: Path, sheet: Sheet, *, checkpoint: Mapping[str, Any]) -> None:
        self.sheets: int = checkpoint.get("sheets", 0)
        self.room: int = checkpoint.get("room", 0)
        self._cells: list[Cells] = [CELLS[column.kind] for column in sheet.columns]
        super().__init__(folder, sheet, checkpoint=checkpoint)

    def begin(self) -> None:
        """Begin the first sheet."""
        self._begin_sheet()

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows*, on to further sheets where one is full."""
        while rows:
            if not self.room:
                self._begin_sheet()
            some, rows = rows[: self.room], rows[self.room :]
            self.room -= len(some)
            self.part(_part(self.sheets)).write(self._xml(some).encode())

    def checkpoint(self) -> dict[str, Any]:
        """Return what going on needs."""
        return {**super().checkpoint(), "sheets": self.sheets, "room": self.room}

    def finish(self, check: Check) -> Path:
        """Zip the parts, a piece at a time."""
        super().checkpoint()
        target = self.folder / "book.xlsx"
        target.unlink(missing_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as book:
            for name, content in frame.files(self.sheet.title, sheets=self.sheets).items():
                book.writestr(name, content)
            for number in range(1, self.sheets + 1):
                with book.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as out:
                    self._pour(number, out, check)
        return target

    def _pour(self, number: int, out: Any, check: Check) -> None:
        with (self.folder / _part(number)).open("rb") as part:
            while piece := part.read(_CHUNK):
                check()
                out.write(piece)
        out.write(frame.SHEET_END)

    def _begin_sheet(self) -> None:
        self.sheets += 1
        self.room = SHEET_ROWS - 1
        titles = "".join(_title(column.title) for column in self.sheet.columns)
        self.part(_part(self.sheets)).write(frame.sheet_begin(self.sheet.columns, titles))

    def _xml(self, rows: Sequence[Sequence[Any]]) -> str:
        columns = [cells(values) for cells, values in zip(self._cells, zip(*rows, strict=True), strict=False)]
        xml = "<row>" + "</row><row>".join(map("".join, zip(*columns, strict=True))) + "</row>"
        if _UNWRITABLE.search(xml):
            xml = _UNWRITABLE.sub("�", xml)
        return xml.replace("\r", "&#13;") if "\r" in xml else xml


def text_cells(values: Sequence[Any]) -> list[str]:
    """Return cells with texts."""
    return [_text(value) for value in values]


def number_cells(values: Sequence[Any]) -> list[str]:
    """Return cells with whole numbers."""
    return [_number(value) for value in values]


def money_cells(values: Sequence[Any]) -> list[str]:
    """Return cells with amounts."""
    return [_EMPTY if value is None else f'<c s="2"><v>{_amount(value)}</v></c>' for value in values]


def day_cells(values: Sequence[Any]) -> list[str]:
    """Return cells with days."""
    return [_EMPTY if value is None else f'<c s="3"><v>{_serial_day(value)}</v></c>' for value in values]


def moment_cells(values: Sequence[Any]) -> list[str]:
    """Return cells with moments, UTC, to the microsecond."""
    return [_EMPTY if value is None else f'<c s="4"><v>{_serial(value)!r}</v></c>' for value in values]


CELLS: dict[Kind, Cells] = {
    Kind.TEXT: text_cells,
    Kind.NUMBER: number_cells,
    Kind.MONEY: money_cells,
    Kind.DAY: day_cells,
    Kind.MOMENT: moment_cells,
}


def _text(value: Any) -> str:
    if not value:
        return _EMPTY
    if "&" in value or "<" in value or ">" in value:
        value = escape(value[:TEXT_LENGTH])
    elif len(value) > TEXT_LENGTH:
        value = value[:TEXT_LENGTH]
    if "_x" in value:  # else a text such as _x000D_ would be read as the character that it names
        value = _ESCAPE.sub("_x005F\\1", value)
    return f"{_TEXT_BEGIN}{value}{_TEXT_END}"


def _number(value: Any) -> str:
    if value is None:
        return _EMPTY
    return f"<c><v>{value}</v></c>" if -EXACT < value < EXACT else _text(str(value))


def _amount(value: Any) -> Any:
    return value if value.__class__ is Decimal else f"{value:.2f}"


def _serial_day(value: Any) -> int:
    return as_day(value).toordinal() - _EPOCH.toordinal()


def _serial(value: Any) -> float:
    span = as_moment(value) - _EPOCH
    return span.days + (span.seconds + span.microseconds / 1_000_000) / _DAY_SECONDS


def _title(text: str) -> str:
    return f'<c s="1" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _part(number: int) -> str:
    return f"sheet{number}.xml"
