"""Captures that were lost, by seam and cause: counted in memory, and now and then written."""

from __future__ import annotations

import json
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

    def take(self) -> Counter[_Key]:
        """Return what was counted, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def give(self, counts: Mapping[_Key, int]) -> None:
        """Add what another has counted."""
        with self._lock:
            self._counts.update(counts)

    def flush(self) -> None:
        """Add the counts to the database; what can't be written stays for the next time.

        Each count is a statement of its own, for the reason that `strangler.rollout.tallies.flush` has.
        """
        taken = self.take()
        try:
            while taken:
                key, count = next(iter(taken.items()))
                _write(key, count)
                del taken[key]
        finally:
            self.give(taken)


def pack(counts: Mapping[_Key, int]) -> bytes:
    """Return *counts* as JSON; `unpack` reads it."""
    return json.dumps([[*key, count] for key, count in counts.items()]).encode()


def unpack(content: bytes) -> dict[_Key, int]:
    """Return the counts that `pack` wrote; raises TypeError or ValueError if it did not."""
    return {
        (str(seam), int(minute), str(cause)): int(count) for seam, minute, cause, count in json.loads(content)
    }


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
