"""Count what became of the work of each seam: in memory, and every second into the database."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F, Sum
from django.utils import timezone

from strangler.conf import config
from strangler.rollout.models import SeamTally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.core.decision import Side

KEEP = timedelta(days=7)


class Outcome(StrEnum):
    """What became of a request or call; a fallback is counted on the service, which failed."""

    DONE = "done"
    FAILED = "failed"
    FALLBACK = "fallback"
    REFUSED = "refused"
    BAD_OVERRIDE = (
        "bad-override"  # a forged or expired wish for a side; the request itself is counted besides
    )


class _Key(NamedTuple):
    """Every request makes one, so it is the cheapest thing that can be counted."""

    seam: str
    minute: int  # since 1970
    side: str
    outcome: str


_counts: Counter[_Key] = Counter()
_lock = threading.Lock()


def tally(seam: str, *, side: Side, outcome: Outcome) -> None:
    """Count one piece of work of *seam*; costs no query."""
    key = _Key(seam, int(time.time()) // 60, side._value_, outcome._value_)
    with _lock:
        _counts[key] += 1


def flush() -> None:
    """Add this process's counts to the database; what can't be written stays for the next time.

    Each count is a statement of its own: in one transaction, processes that begin the same minute together would
    deadlock on MariaDB.
    """
    taken = _take()
    try:
        while taken:
            key, count = next(iter(taken.items()))
            _add(key, count)
            del taken[key]
    finally:
        with _lock:
            _counts.update(taken)
    SeamTally.objects.using(config().database).filter(minute__lt=timezone.now() - KEEP).delete()


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


def _take() -> Counter[_Key]:
    with _lock:
        taken = _counts.copy()
        _counts.clear()
    return taken


def _add(key: _Key, count: int) -> None:
    rows = SeamTally.objects.using(config().database)
    where: dict[str, Any] = {
        "seam": key.seam,
        "minute": datetime.fromtimestamp(key.minute * 60, UTC),
        "side": key.side,
        "outcome": key.outcome,
    }
    if not rows.filter(**where).update(count=F("count") + count):
        rows.bulk_create([SeamTally(**where)], ignore_conflicts=True)  # somebody may be faster
        rows.filter(**where).update(count=F("count") + count)
