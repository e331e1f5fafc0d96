"""The formats, by the name that people choose."""

from dataclasses import dataclass

from extracted.reporting.writing.pages import HtmlWriter, PdfWriter
from extracted.reporting.writing.parts import Writer
from extracted.reporting.writing.table import CsvWriter, JsonWriter
from extracted.reporting.writing.xlsx import XlsxWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a file is written, called and served; *most*: rows that it shows at most."""

    title: str
    writer: type[Writer]
    extension: str
    content_type: str
    most: int | None = None


FORMATS = {
    "csv": Format(title="CSV", writer=CsvWriter, extension="csv", content_type="text/csv; charset=utf-8"),
    "xlsx": Format(
        title="Excel",
        writer=XlsxWriter,
        extension="xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "html": Format(
        title="Web page",
        writer=HtmlWriter,
        extension="html",
        content_type="text/html; charset=utf-8",
        most=5_000,
    ),
    "pdf": Format(title="PDF", writer=PdfWriter, extension="pdf", content_type="application/pdf", most=1_000),
    "json": Format(title="JSON", writer=JsonWriter, extension="json", content_type="application/json"),
}
