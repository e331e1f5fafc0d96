"""Read a page of a report while the one before it is written: the server and this process work at the same time.

Note [One connection, two threads]: the page is read in another thread by the connection of this one, so that its
limits and whoever interrupts it stay what they are. Between `go_on` and `take` this thread does nothing with it.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError

from extracted.reporting.conf import config
from extracted.reporting.definitions import Report
from extracted.reporting.definitions.report import Row, Values, json_key
from extracted.reporting.running.reader import StatementEndedError, limited


class ReadAhead:
    """The pages of *report* with the parameters *values*, one after the other.

    Args:
        after: the key behind which to begin; None for the beginning.
        most: rows to read.
        has_amounts_as_texts: see `limited`.
    """

    def __init__(
        self,
        report: Report,
        values: Values,
        *,
        after: Sequence[Any] | None,
        most: int,
        has_amounts_as_texts: bool = False,
    ) -> None:
        self.key = after
        self._has_amounts_as_texts = has_amounts_as_texts
        self._report = report
        self._values = values
        self._left = most
        self._limit = min(report.page_rows, most)
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="report-page")
        self._limits = ExitStack()
        self._page: Future[list[Row]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for a page that nobody takes any more: behind it the connection is free."""
        with suppress(DatabaseError, StatementEndedError):
            if self._page is not None:
                self.take()
        self._reader.shutdown()

    @property
    def has_more(self) -> bool:
        """Whether there may be rows behind those that were taken."""
        return self._limit > 0

    def go_on(self) -> bool:
        """Begin to read the next page, if it was not begun; returns whether there is one."""
        if self._page is None and self.has_more:
            cursor = self._limits.enter_context(
                limited(config().statement_timeout, has_amounts_as_texts=self._has_amounts_as_texts)
            )
            page = self._report.query.page
            self._page = self._reader.submit(page, cursor, self._values, after=self.key, limit=self._limit)
        return self._page is not None

    def take(self) -> list[Row]:
        """Return the page that was begun; `key` is that of its last row.

        Raises: StatementEndedError: it was interrupted, or took longer than it may.
        """
        page, self._page = self._page, None
        if page is None:
            raise RuntimeError("no page was begun: go_on comes before take")
        with self._limits:
            rows = page.result()
        if rows:
            self.key = json_key(rows[-1][-self._report.query.keys :])
        self._left -= len(rows)
        self._limit = min(self._report.page_rows, self._left) if len(rows) == self._limit else 0
        return rows
