"""HTML and PDF: for people, so with a chart and a bounded number of rows; built from the rows at the end."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.fonts import FontFace

from extracted.reporting.charts import draw
from extracted.reporting.conf import config
from extracted.reporting.definitions import Kind
from extracted.reporting.writing.cells import json_value, shown
from extracted.reporting.writing.parts import Check, Writer

_STYLE = """
body{margin:2rem auto;max-width:72rem;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color:#201d1a;background:#fbf9f6}
h1{margin:0}p{color:#655c53}table{width:100%;border-collapse:collapse;background:#fff}
th,td{padding:.4rem .7rem;border:1px solid #e3dbd0;text-align:left;overflow-wrap:anywhere}
th{background:#f3ede4}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
"""
_CHECK_EVERY = 50


class RowsWriter(Writer):
    """Keeps rows as lines of JSON until the end; what can be drawn and shown then is up to the subclass."""

    def begin(self) -> None:
        """Make the part."""
        self.part("rows.jsonl")

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows* as lines."""
        kinds = [column.kind for column in self.sheet.columns]
        lines = [
            json.dumps([json_value(value, kind) for value, kind in zip(row, kinds, strict=False)])
            for row in rows
        ]
        self.part("rows.jsonl").write("".join(f"{line}\n" for line in lines).encode())

    def finish(self, check: Check) -> Path:
        """Build the file from the rows."""
        self.part("rows.jsonl").sync()
        return self.build(check)

    def build(self, check: Check) -> Path:
        """Build the file."""
        raise NotImplementedError

    def stored(self) -> Iterator[list[Any]]:
        """Yield the rows, values as `shown` and charts take them."""
        money = [column.kind is Kind.MONEY for column in self.sheet.columns]
        with (self.folder / "rows.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield [
                    float(value) if is_money and value is not None else value
                    for value, is_money in zip(row, money, strict=True)
                ]

    def chart(self) -> str:
        """Return the chart as SVG, empty if the report has none or there is nothing to draw."""
        chart = self.sheet.chart
        if chart is None:
            return ""
        first = [row for row, _ in zip(self.stored(), range(chart.bars), strict=False)]
        return draw(self.sheet.columns, chart, first, title=self.sheet.title) if first else ""

    @property
    def about(self) -> str:
        """Return the line below the title."""
        as_of = f"as of {self.sheet.as_of:%d %b %Y %H:%M:%S} UTC" if self.sheet.as_of else ""
        return "; ".join(each for each in (self.sheet.subtitle, as_of, self.note) if each)


class HtmlWriter(RowsWriter):
    """One file without scripts, with its style and its chart inside."""

    def build(self, check: Check) -> Path:
        """Write head, chart, rows and end."""
        target = self.folder / "page.html"
        with target.open("w", encoding="utf-8", errors="replace") as page:
            page.write(self._head())
            for number, row in enumerate(self.stored()):
                if not number % _CHECK_EVERY:
                    check()
                page.write(self._row(row))
            page.write("</tbody></table></body></html>\n")
        return target

    def _head(self) -> str:
        title = escape(self.sheet.title)
        titles = "".join(
            f'<th scope="col"{_class(column.is_number)}>{escape(column.title)}</th>'
            for column in self.sheet.columns
        )
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{escape(self.about)}</p>{self.chart()}"
            f"<table><thead><tr>{titles}</tr></thead><tbody>\n"
        )

    def _row(self, row: Sequence[Any]) -> str:
        cells = "".join(
            f'<td dir="auto"{_class(column.is_number)}>{escape(shown(value, column)).replace(chr(0), "�")}</td>'
            for value, column in zip(row, self.sheet.columns, strict=True)
        )
        return f"<tr>{cells}</tr>\n"


class PdfWriter(RowsWriter):
    """A4 across, with the chart on the first page and the titles on each."""

    def build(self, check: Check) -> Path:
        """Draw title, chart and table."""
        target = self.folder / "page.pdf"
        pdf = FPDF(orientation="landscape", format="A4")
        self._family = _add_font(pdf)
        pdf.set_title(self.sheet.title)
        pdf.set_auto_page_break(auto=True, margin=12)
        pdf.add_page()
        pdf.set_font(self._family, size=18)
        pdf.cell(text=self._text(self.sheet.title), new_x="LMARGIN", new_y="NEXT")
        pdf.set_font(self._family, size=9)
        pdf.multi_cell(w=0, text=self._text(self.about), new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
        self._draw_rows(pdf, check)
        check()
        pdf.output(str(target))
        return target

    def _draw_rows(self, pdf: FPDF, check: Check) -> None:
        pdf.set_font(self._family, size=8)
        columns = self.sheet.columns
        align = tuple("RIGHT" if column.is_number else "LEFT" for column in columns)
        with pdf.table(
            headings_style=FontFace(fill_color=(243, 237, 228)), text_align=align, padding=1, line_height=4.5
        ) as table:
            table.row([self._text(column.title) for column in columns])
            for number, row in enumerate(self.stored()):
                if not number % _CHECK_EVERY:
                    check()
                cells = (shown(value, column) for value, column in zip(row, columns, strict=True))
                table.row([self._text(cell) for cell in cells])

    def _text(self, text: str) -> str:
        """Return *text* as the font can show it: the built-in one has Latin letters only."""
        clean = "".join(letter if letter.isprintable() else "?" for letter in text)
        if self._family == "report":
            return clean
        return clean.replace("\N{EN DASH}", "-").encode("latin-1", errors="replace").decode("latin-1")


def _add_font(pdf: FPDF) -> str:
    """Add the configured font and return the name of the family to use."""
    path = Path(config().pdf_font)
    if not path.is_file():
        return "helvetica"
    pdf.add_font("report", fname=path)
    pdf.add_font("report", style="B", fname=path)
    return "report"


def _class(is_number: bool) -> str:  # noqa: FBT001 - of a column
    return ' class="n"' if is_number else ""
