"""How both sides of a seam fare, from the tallies of all processes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.db.models import Sum

from strangler.conf import config
from strangler.core.tallied import health_of
from strangler.rollout.models import SeamLatency, SeamTally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from strangler.core.decision import Side
    from strangler.core.evidence import Health

MinuteCounts = Counter[tuple["datetime", str, str | int]]
"""(minute, side, outcome or bucket of the time it took) → how many."""


def read_health(seam: str, *, since: datetime) -> Mapping[Side, Health]:
    """Return how each side of *seam* fared since a moment; the minute that it is in is left out."""
    counts: Counter[tuple[str, str | int]] = Counter()
    for model, what in ((SeamTally, "outcome"), (SeamLatency, "bucket")):
        rows = model.objects.using(config().database).filter(seam=seam, minute__gte=since)
        totals = rows.values_list("side", what).annotate(total=Sum("count"))
        counts.update({(side, kind): total for side, kind, total in totals})
    return health_of(counts)


def read_minutes(seam: str, *, since: datetime) -> MinuteCounts:
    """Return what was counted for *seam*, minute by minute, from the minute on that *since* is in."""
    first = since.replace(second=0, microsecond=0)
    counts: MinuteCounts = Counter()
    for model, what in ((SeamTally, "outcome"), (SeamLatency, "bucket")):
        rows = model.objects.using(config().database).filter(seam=seam, minute__gte=first)
        for minute, side, kind, count in rows.values_list("minute", "side", what, "count"):
            counts[minute, side, kind] = count
    return counts
