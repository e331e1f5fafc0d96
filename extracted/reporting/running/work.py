"""Work on a run for a slice of time: read pages, write parts, and publish the file when all is there."""

import errno
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError
from django.utils import timezone

from extracted.reporting.conf import config
from extracted.reporting.definitions import REPORTS, Report
from extracted.reporting.definitions.report import Row
from extracted.reporting.errors import (
    CancelledError,
    LostError,
    OutOfTimeError,
    ParameterError,
    RefusedError,
)
from extracted.reporting.models import Run
from extracted.reporting.running import progress
from extracted.reporting.running.ahead import ReadAhead
from extracted.reporting.running.progress import Claim
from extracted.reporting.running.reader import StatementEndedError, interrupter, limited
from extracted.reporting.running.watch import Watch
from extracted.reporting.writing import FORMATS, Format, Sheet, Writer, store

logger = logging.getLogger(__name__)
_CHECKPOINT_EVERY = timedelta(seconds=1)
_LATER = timedelta(seconds=10)


def work(run_id: UUID | str, *, holder: str) -> bool:
    """Work on a run until it is finished or its slice of time is over.

    Safe to run twice, at once or one after the other: the row says whose the run is, and parts go on from a
    checkpoint. Never raises for what is wrong with the run itself.

    Returns: whether it wants to be announced again at once: there is more to do.
    """
    claim = progress.claim(run_id, holder=holder)
    if claim is None:
        _tidy(run_id)
        return False
    with Watch(claim, interrupt=interrupter()) as watch:
        is_over = _worked(claim, watch)
    if is_over:
        _tidy(run_id)
    return not is_over


def _worked(claim: Claim, watch: Watch) -> bool:
    """Work, and record what came of it; returns False if the run goes on."""
    try:
        return _Work(claim, watch).go()
    except CancelledError:
        progress.cancelled(Run.objects.filter(pk=claim.run.pk, slices=claim.number))
    except LostError:
        logger.warning("run %s was lost to another worker", claim.run.pk)
    except (OutOfTimeError, RefusedError) as error:
        progress.fail(claim, reason=str(error))
    except StatementEndedError as error:
        return _ended(claim, watch, error)
    except SoftTimeLimitExceeded:
        progress.put_back(claim, reason="its worker was interrupted; it goes on", wait=_LATER)
    except DatabaseError as error:
        logger.exception("run %s: the database failed, it is tried again", claim.run.pk)
        progress.stumble(claim, reason=f"the database failed: {error}", wait=_LATER)
    except OSError as error:
        _record_disk(claim, error)
    return True


def _ended(claim: Claim, watch: Watch, error: StatementEndedError) -> bool:
    """Find out who ended the statement: the watch, which knows why, or the server."""
    try:
        watch.check()
    except CancelledError:
        progress.cancelled(Run.objects.filter(pk=claim.run.pk, slices=claim.number))
    except OutOfTimeError as why:
        progress.fail(claim, reason=str(why))
    except LostError:
        logger.warning("run %s was lost to another worker", claim.run.pk)
    else:
        progress.fail(claim, reason=f"{error}: ask for less at a time")
    return True


def _record_disk(claim: Claim, error: OSError) -> None:
    logger.error("run %s failed: %s", claim.run.pk, error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        progress.fail(claim, reason="the disk is full: nothing was published; try again when there is room")
    else:
        progress.fail(claim, reason=f"its file could not be written: {error.strerror or error}")


def _tidy(run_id: UUID | str) -> None:
    """Remove the parts of a run that is finished, whoever finished it."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None or run.is_finished:
        store().drop_parts(str(run_id))


@dataclass(slots=True)
class _Work:
    """One slice of one run."""

    claim: Claim
    watch: Watch

    def go(self) -> bool:
        """Return True if the run is finished, False if its slice is over."""
        report = REPORTS.get(self.run.report)
        if report is None:
            raise ParameterError(f"there is no report {self.run.report!r} any more")
        values = report.values(self.run.parameters, today=self.run.created_at.date())
        self._count(report, values)
        return self._written(report, values)

    @property
    def run(self) -> Run:
        return self.claim.run

    @property
    def format(self) -> Format:
        return FORMATS[self.run.format]

    def _written(self, report: Report, values: dict[str, Any]) -> bool:
        writer, key = self._writer(report, values)
        try:
            if not self._read(report, values, writer, key):
                return False
            self._publish(writer)
        finally:
            writer.close()
        return True

    def _writer(self, report: Report, values: dict[str, Any]) -> tuple[Writer, Sequence[Any] | None]:
        """Return a writer at the checkpoint, or at the beginning if the parts are gone."""
        sheet = Sheet(
            title=report.title,
            subtitle=", ".join(f"{name} {value}" for name, value in values.items()),
            columns=report.columns,
            chart=report.chart,
            as_of=self.run.as_of,
        )
        folder, saved = store().parts(str(self.run.pk)), self.run.checkpoint
        try:
            return self.format.writer(folder, sheet, checkpoint=saved.get("writer", {})), saved.get("key")
        except FileNotFoundError:
            logger.warning("run %s begins again: its parts are gone", self.run.pk)
            store().drop_parts(str(self.run.pk))
            return self.format.writer(store().parts(str(self.run.pk)), sheet, checkpoint={}), None

    def _read(
        self, report: Report, values: dict[str, Any], writer: Writer, key: Sequence[Any] | None
    ) -> bool:
        """Read and write pages; returns False if the slice was over before the end."""
        most = min(filter(None, (report.most(values), self.format.most, config().max_rows + 1)))
        saved_at = monotonic()
        with ReadAhead(
            report,
            values,
            after=key,
            most=most - writer.rows,
            has_amounts_as_texts=writer.takes_amounts_as_texts,
        ) as pages:
            while pages.go_on():
                rows = pages.take()
                is_due = (
                    self.watch.is_slice_over or monotonic() - saved_at > _CHECKPOINT_EVERY.total_seconds()
                )
                if not is_due:
                    pages.go_on()
                self._add(writer, rows)
                if is_due:
                    self._save(writer, pages.key)
                    saved_at = monotonic()
                if is_due and self.watch.is_slice_over and pages.has_more:
                    progress.put_back(self.claim)
                    return False
        if self.format.most and writer.rows == self.format.most:
            writer.note = f"Only the first {self.format.most:,} rows are shown."
        self._save(writer, pages.key)
        return True

    def _add(self, writer: Writer, rows: Sequence[Row]) -> None:
        self.watch.check()
        if rows:
            writer.add(rows)
        self.watch.rows = writer.rows
        if writer.rows > config().max_rows:
            raise ParameterError(
                f"it has more than {config().max_rows:,} rows, which is the most: ask for less at a time"
            )

    def _count(self, report: Report, values: dict[str, Any]) -> None:
        """Note how many rows to expect; a count that takes too long is left out."""
        if self.run.expected is not None or not report.query.count:
            return
        try:
            with limited(config().page_timeout) as cursor:
                total = report.query.total(cursor, values) or 0
        except StatementEndedError:
            self.watch.check()
            return
        expected = min(filter(None, (total, self.format.most, report.most(values))), default=0)
        progress.held(self.claim).update(expected=expected)

    def _save(self, writer: Writer, key: Sequence[Any] | None) -> None:
        state = {"writer": writer.checkpoint(), "key": key}
        if not progress.checkpoint(self.claim, state, rows=writer.rows, work=self.watch.spent):
            self.watch.look()
            self.watch.check()

    def _publish(self, writer: Writer) -> None:
        made = writer.finish(self.watch.check)
        self.watch.check()
        name = f"{self.run.pk}-{self.claim.number}.{self.format.extension}"
        size = store().publish(made, name)
        is_ours = progress.ready(
            self.claim, file=name, size=size, rows=writer.rows, note=writer.note, work=self.watch.spent
        )
        if not is_ours:
            # Cancelled in the last moment, or another worker has it: what nobody refers to must not stay.
            store().drop(name)
            self.watch.look()
            self.watch.check()
        logger.info(
            "run %s of %s is ready: %d rows, %d bytes, after %s",
            self.run.pk,
            self.run.report,
            writer.rows,
            size,
            timezone.now() - self.run.created_at,
        )
