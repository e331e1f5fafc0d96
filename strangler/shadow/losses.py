"""Captures that were lost, by seam and cause: counted in memory, and now and then written."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import F, Sum
from django.utils import timezone

from strangler.conf import config
from strangler.shadow.models import CaptureLoss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.observing import Loss

KEEP = timedelta(days=7)

_Key = tuple[str, int, str]  # seam, minute since 1970, cause


class Losses:
    """The counts of one process. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[_Key] = Counter()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, seam: str, loss: Loss, *, count: int = 1) -> None:
        """Count; costs no query."""
        with self._lock:
            self._counts[seam, int(time.time()) // 60, loss.value] += count

    def flush(self) -> None:
        """Add the counts to the database; what can't be written stays for the next time.

        Each count is a statement of its own, for the reason that `strangler.rollout.tallies.flush` has.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
        try:
            while taken:
                key, count = next(iter(taken.items()))
                _write(key, count)
                del taken[key]
        finally:
            with self._lock:
                self._counts.update(taken)


def totals(*, since: datetime) -> Mapping[str, Mapping[str, int]]:
    """Return what was lost since a moment: seam → cause → count."""
    rows = (
        CaptureLoss.objects.using(config().database)
        .filter(minute__gte=since)
        .values_list("seam", "cause")
        .annotate(total=Sum("count"))
    )
    result: dict[str, dict[str, int]] = {}
    for seam, cause, total in rows:
        result.setdefault(seam, {})[cause] = total
    return result


def prune() -> None:
    """Forget counts that are older than a week."""
    CaptureLoss.objects.using(config().database).filter(minute__lt=timezone.now() - KEEP).delete()


def _write(key: _Key, count: int) -> None:
    rows = CaptureLoss.objects.using(config().database)
    seam, minute, cause = key
    where: dict[str, Any] = {
        "seam": seam,
        "minute": datetime.fromtimestamp(minute * 60, UTC),
        "cause": cause,
    }
    if not rows.filter(**where).update(count=F("count") + count):
        rows.bulk_create([CaptureLoss(**where)], ignore_conflicts=True)  # somebody may be faster
        rows.filter(**where).update(count=F("count") + count)
