"""What happened in the last seconds, although the tallies know minutes only: the difference between two readings."""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.core.tallied import health_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from strangler.core.decision import Side
    from strangler.core.evidence import Health
    from strangler.rollout.health import MinuteCounts

LATE = timedelta(minutes=2)  # counts of a minute are still written so long after it


class Window:
    """The last readings of one seam's tallies on one step."""

    def __init__(self, *, length: timedelta, step_since: datetime) -> None:
        self.step_since = step_since
        self._length = length
        self._readings: deque[tuple[datetime, MinuteCounts]] = deque()

    def reads_since(self, now: datetime) -> datetime:
        """Return from when on tallies have to be read at *now*."""
        return max(now - self._length, self.step_since) - LATE

    def add(self, counts: MinuteCounts, *, now: datetime) -> Mapping[Side, Health]:
        """Take a reading, and return how both sides fared since the one at the window's beginning.

        The first reading counts what came before the step out, as exactly as minutes can tell: a guard that takes over
        sees what happened while nobody watched.
        """
        if not self._readings:
            self._readings.append((self.step_since, self._before_step(counts)))
        self._readings.append((now, counts))
        while len(self._readings) > 1 and self._readings[1][0] <= now - self._length:
            self._readings.popleft()
        begin = self._readings[0][1]
        recent: Counter[tuple[str, str | int]] = Counter()
        for (minute, side, what), count in counts.items():
            recent[side, what] += count - begin.get((minute, side, what), 0)
        return health_of(recent)

    def _before_step(self, counts: MinuteCounts) -> MinuteCounts:
        return Counter({key: count for key, count in counts.items() if key[0] <= self.step_since})
