"""How verbs print: tables with colours on a terminal, plain text elsewhere, JSON on demand."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.core.management.base import CommandParser, OutputWrapper

PLAIN_WIDTH = 130  # columns where nobody's terminal sets the width


def add_format_argument(parser: CommandParser) -> None:
    """Add `--format text|json` to a verb that reports."""
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help="for people or for programs"
    )


def console(stdout: OutputWrapper) -> Console:
    """Return a console that writes to *stdout*, in colour only on a terminal."""
    is_terminal = stdout.isatty()
    width = None if is_terminal or "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(file=stdout, force_terminal=is_terminal, width=width, highlight=False)  # type: ignore[arg-type]


def write_json(stdout: OutputWrapper, document: Any) -> None:
    """Write *document* as indented JSON."""
    stdout.write(json.dumps(document, indent=2, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> Table:
    """Return a table; a column whose name begins with `>` is aligned right."""
    result = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        is_number = column.startswith(">")
        result.add_column(column.removeprefix(">"), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        result.add_row(*row)
    return result
