"""Count what became of the work of each seam: in memory, and every second into the database."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import OperationalError, connections, transaction
from django.db.models import Sum
from django.utils import timezone

from strangler.conf import config
from strangler.core.latency import bucket_of
from strangler.core.tallied import Outcome
from strangler.rollout.counting import add
from strangler.rollout.models import SeamLatency, SeamTally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from strangler.core.decision import Side

__all__ = ["KEEP", "Outcome", "flush", "prune", "tally", "totals"]

KEEP = timedelta(days=7)


class _Row(NamedTuple):
    """What one row of the database counts: an outcome, or the entries of a bucket of durations."""

    seam: str
    minute: int  # since 1970
    side: str
    outcome: str = ""
    bucket: int | None = None


# Every request notes one, so that is the cheapest thing that can be done, without a lock or arithmetic. The thread that writes
# them adds them up, many at once.
_noted: deque[tuple[str, float, Side, Outcome, timedelta | None]] = deque()
_MOST_NOTED = 10_000  # beyond that they are added up by whoever works: the database may be away for long

# (seam, minute, side, outcome, bucket or None): added up, and not yet taken apart into rows.
_counts: Counter[tuple[str, int, str, str, int | None]] = Counter()
_unwritten: Counter[_Row] = Counter()
_lock = threading.Lock()
_others: list[Callable[[], None]] = []


def flush_with(flush_other: Callable[[], None]) -> None:
    """Have *flush_other* called whenever this process's counts were written, in the thread that writes them."""
    _others.append(flush_other)


def tally(seam: str, *, side: Side, outcome: Outcome, took: timedelta | None = None) -> None:
    """Count one piece of work of *seam*, and how long it *took* where that is known; costs no query."""
    _noted.append((seam, time.time(), side, outcome, took))
    if len(_noted) > _MOST_NOTED:
        _add_up()


def flush() -> None:
    """Add this process's counts to the database, and those of `flush_with`; what can't be written stays for the next time.

    All of them are one transaction of two statements, since the pages feel what this thread computes. Processes that begin the
    same minute together may deadlock on MariaDB; then each count is a statement of its own.
    """
    taken = _take()
    try:
        if taken:
            _write_at_once(taken)
        while taken:
            row, count = next(iter(taken.items()))
            _add({row: count})
            del taken[row]
    finally:
        with _lock:
            _unwritten.update(taken)
    for flush_other in _others:
        flush_other()


def _write_at_once(taken: Counter[_Row]) -> None:
    """Write *taken* in one transaction and empty it, or do neither.

    Raises:
        OperationalError: nobody is there to ask a second time: Django drops a connection that broke.
    """
    alias = config().database
    try:
        with transaction.atomic(using=alias):
            _add(taken)
    except OperationalError:
        if connections[alias].connection is None:
            raise
        return
    taken.clear()


def prune() -> None:
    """Delete counts that are older than `KEEP`."""
    for model in (SeamTally, SeamLatency):
        model.objects.using(config().database).filter(minute__lt=timezone.now() - KEEP).delete()


def totals(*, since: datetime) -> Mapping[str, Mapping[tuple[str, str], int]]:
    """Return what was counted since a moment: seam → (side, outcome) → count."""
    rows = (
        SeamTally.objects.using(config().database)
        .filter(minute__gte=since)
        .values_list("seam", "side", "outcome")
        .annotate(total=Sum("count"))
    )
    result: dict[str, dict[tuple[str, str], int]] = {}
    for seam, side, outcome, total in rows:
        result.setdefault(seam, {})[side, outcome] = total
    return result


def _add_up() -> None:
    with _lock:
        while _noted:
            seam, at, side, outcome, took = _noted.popleft()
            bucket = None if took is None else bucket_of(took)
            _counts[seam, int(at) // 60, side.value, outcome.value, bucket] += 1


def _take() -> Counter[_Row]:
    _add_up()
    with _lock:
        counted, rows = _counts.copy(), _unwritten.copy()
        _counts.clear()
        _unwritten.clear()
    return rows + _rows(counted)


def _rows(counted: Mapping[tuple[str, int, str, str, int | None], int]) -> Counter[_Row]:
    """Take what was counted apart into rows: outcomes, and durations."""
    rows: Counter[_Row] = Counter()
    for (seam, minute, side, outcome, bucket), count in counted.items():
        rows[_Row(seam, minute, side, outcome=outcome)] += count
        if bucket is not None:
            rows[_Row(seam, minute, side, bucket=bucket)] += count
    return rows


def _add(counts: Mapping[_Row, int]) -> None:
    alias = config().database
    rows = sorted(counts, key=repr)  # in one order, so that processes rather wait than deadlock
    timed = [
        {**_place(row), "bucket": row.bucket, "count": counts[row]} for row in rows if row.bucket is not None
    ]
    ended = [
        {**_place(row), "outcome": row.outcome, "count": counts[row]} for row in rows if row.bucket is None
    ]
    add(SeamLatency, timed, using=alias)
    add(SeamTally, ended, using=alias)


def _place(row: _Row) -> dict[str, Any]:
    minute = datetime.fromtimestamp(row.minute * 60, UTC)
    return {"seam": row.seam, "minute": minute, "side": row.side}
