"""How fast work goes: a decaying average, which foretells how long what is left will take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

FIRST_PER_SECOND = 2_000
FIRST_WEIGHT = timedelta(milliseconds=100)  # of that guess, which the first second of real work outweighs
HALF_LIFE = timedelta(seconds=2)  # of work, not of waiting


@dataclass(slots=True)
class Pace:
    """Things done per second of work; large pieces of work count more than small ones, and old ones ever less."""

    _seconds: float = field(default=FIRST_WEIGHT.total_seconds(), init=False)
    _things: float = field(default=FIRST_PER_SECOND * FIRST_WEIGHT.total_seconds(), init=False)

    def measured(self, things: int, *, seconds: float) -> None:
        """Learn that *things* took *seconds*; what took time and did nothing teaches nothing."""
        if not things:
            return
        kept = 0.5 ** (seconds / HALF_LIFE.total_seconds())
        self._seconds = self._seconds * kept + seconds
        self._things = self._things * kept + things

    def foretell(self, things: int) -> float:
        """Return how many seconds *things* will take."""
        return things * self._seconds / self._things
