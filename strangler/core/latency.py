"""Durations in buckets that grow by a constant factor, so that counts of many processes add up to a percentile.

Ten buckets to a power of ten: each is 26 % wider than the one before, and a percentile is off by less than that.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PER_DECADE = 10
_SECOND = 1_000_000  # in microseconds
_LAST = 90  # 1000 seconds: whoever waits longer has gone


def bucket_of(took: timedelta) -> int:
    """Return the number of the bucket that *took* falls into, 0 (up to a microsecond) to 90; for hot paths."""
    if took.days:  # nobody waits for a day, but a clock may be set back
        return _LAST if took.days > 0 else 0
    microseconds = took.seconds * _SECOND + took.microseconds
    return min(int(PER_DECADE * math.log10(microseconds)), _LAST) if microseconds else 0


def percentile(histogram: Mapping[int, int], *, share: float) -> timedelta | None:
    """Return the duration that *share* of all entries did not exceed; None for an empty histogram.

    Args:
        histogram: bucket → entries.
        share: 0.99 for the 99th percentile.
    """
    wanted = share * sum(histogram.values())
    seen = 0
    for bucket in sorted(histogram):
        count = histogram[bucket]
        if count and seen + count >= wanted:
            begin, end = _edge(bucket), _edge(bucket + 1)
            return timedelta(microseconds=begin + (end - begin) * (wanted - seen) / count)
        seen += count
    return None


def _edge(bucket: int) -> float:
    """Return where *bucket* begins, in microseconds."""
    return float(10 ** (bucket / PER_DECADE))
