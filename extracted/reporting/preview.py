"""The beginning of a report, at once: for pages and charts, within the time that a page may take."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from extracted.reporting.conf import config
from extracted.reporting.definitions import Report
from extracted.reporting.definitions.report import Row, json_key
from extracted.reporting.running.reader import limited
from extracted.reporting.writing.cells import shown

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first rows of a report; *is_cut*: there are more."""

    report: Report
    rows: list[Row] = field(default_factory=list)
    is_cut: bool = False

    @property
    def lines(self) -> list[list[tuple[str, bool]]]:
        """Return for each row what to show of each cell, and whether it is a number."""
        columns = self.report.columns
        return [
            [(shown(value, column), column.is_number) for value, column in zip(row, columns, strict=False)]
            for row in self.rows
        ]


def preview(report: Report, values: Values, *, limit: int) -> Preview:
    """Return up to *limit* rows.

    Raises: StatementEndedError: it takes too long for a page; make a run.
    """
    bound = report.most(values)
    most = min(limit, bound or limit)
    with limited(config().page_timeout) as cursor:
        rows = report.query.page(cursor, values, after=None, limit=most + 1)
    return Preview(report=report, rows=rows[:most], is_cut=len(rows) > most != bound)


def all_rows(report: Report, values: Values) -> Iterator[list[Row]]:
    """Yield all rows, page by page; memory is that of a page.

    Raises: StatementEndedError: a page took too long.
    """
    key, left = None, report.most(values)
    while left is None or left > 0:
        limit = report.page_rows if left is None else min(left, report.page_rows)
        with limited(config().page_timeout) as cursor:
            rows = report.query.page(cursor, values, after=key, limit=limit)
        yield rows
        if len(rows) < limit:
            return
        key, left = json_key(rows[-1][-report.query.keys :]), None if left is None else left - len(rows)
