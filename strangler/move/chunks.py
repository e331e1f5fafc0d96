"""How many rows to take at a time: as many as fit into a given time, by a decaying average of what rows took."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

FIRST, SMALLEST, LARGEST = 1_000, 100, 50_000
LARGEST_BYTES = 16 * 1024 * 1024
WEIGHT = 0.25  # of the newest measurement
GROWTH = 2.0  # at most, from one chunk to the next: one lucky chunk must not make a giant of the next


@dataclass(slots=True, kw_only=True)
class ChunkSize:
    """The size of the next chunk; `measured` after each one teaches it.

    Args:
        aim: how long a chunk should take.
        rows: of the first chunk.
    """

    aim: timedelta = timedelta(milliseconds=500)
    rows: int = field(default_factory=lambda: FIRST)
    _seconds_per_row: float = field(default=0.0, init=False)

    def measured(self, *, rows: int, size: int, seconds: float) -> None:
        """Learn that *rows* of *size* bytes together took *seconds*."""
        if not rows:
            return
        newest = max(seconds, 1e-6) / rows
        known = self._seconds_per_row or newest
        self._seconds_per_row = known + WEIGHT * (newest - known)
        wanted = self.aim.total_seconds() / self._seconds_per_row
        by_memory = LARGEST_BYTES * rows / max(size, 1)
        self.rows = int(max(SMALLEST, min(wanted, by_memory, self.rows * GROWTH, LARGEST)))
