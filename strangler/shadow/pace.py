"""How many captures of a seam a process makes in a second at most, however many requests there are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NEARLY_ONE = 1 - 1e-9  # what adds up from shares of a second


class Pace:
    """Admits so many a second on average, evenly spaced while more come; after a quiet second so many at once. Not thread-safe.

    Args:
        per_second: above 0.
        clock: seconds that only go forward.
    """

    def __init__(self, per_second: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._credit = float(per_second)
        self._counted_at = clock()

    def admit(self) -> bool:
        """Whether one more may be made now; counts it if so."""
        now = self._clock()
        self._credit = min(self._per_second, self._credit + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._credit < _NEARLY_ONE:
            return False
        self._credit -= 1
        return True
