"""CSV and JSON: text that is whole once its last line is there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from extracted.reporting.writing.cells import json_value
from extracted.reporting.writing.csv_text import csv_head, csv_lines
from extracted.reporting.writing.parts import Check, Writer


class CsvWriter(Writer):
    """UTF-8, comma, CRLF (RFC 4180), column names in the first line."""

    takes_amounts_as_texts = True

    def begin(self) -> None:
        """Write the names of the columns."""
        self.part("table.csv").write(csv_head(self.sheet.columns))

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows* as one piece of text."""
        self.part("table.csv").write(csv_lines(self.sheet.columns, rows))

    def finish(self, check: Check) -> Path:
        """Return the only part: it is whole."""
        check()
        self.part("table.csv").sync()
        return self.folder / "table.csv"


class JsonWriter(Writer):
    """One object: what the report is, and its rows as objects, one a line."""

    def begin(self) -> None:
        """Write what the report is."""
        about = {
            "report": self.sheet.title,
            "about": self.sheet.subtitle,
            "as_of": self.sheet.as_of.isoformat() if self.sheet.as_of else None,
            "columns": [{"name": each.name, "kind": each.kind} for each in self.sheet.columns],
        }
        self.part("table.json").write((json.dumps(about, ensure_ascii=False)[:-1] + ', "rows": [').encode())

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows* as objects."""
        columns = self.sheet.columns
        lines = [
            json.dumps(
                {each.name: json_value(value, each.kind) for each, value in zip(columns, row, strict=False)},
                ensure_ascii=False,
            )
            for row in rows
        ]
        separator = ",\n" if self.rows else "\n"
        if lines:
            self.part("table.json").write((separator + ",\n".join(lines)).encode(errors="replace"))

    def finish(self, check: Check) -> Path:
        """Close the object; `begin` and the rows are cut back to here by a checkpoint, so twice is harmless."""
        check()
        part = self.part("table.json")
        part.write(b"\n]}\n")
        part.sync()
        return self.folder / "table.json"
