"""Hold a move back: rows per second, lag of replicas, threads at work. Changed while it runs by `strangler move … throttle`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.move.dialects.base import Load

LOOK_EVERY = timedelta(seconds=1)
LONGEST_SLEEP = timedelta(seconds=1)  # so that a new limit is met soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a move may cost; None for no limit."""

    rows_per_second: int | None = None
    replica_lag: timedelta | None = None
    running_threads: int | None = None

    def __str__(self) -> str:
        rows = f"{self.rows_per_second:,} rows per second" if self.rows_per_second else ""
        lag = f"replica lag {self.replica_lag.total_seconds():g} s" if self.replica_lag else ""
        threads = f"{self.running_threads} running threads" if self.running_threads else ""
        return ", ".join(filter(None, (rows, lag, threads))) or "none"

    def reason(self, load: Load) -> str:
        """Return why the move has to wait under *load*; empty when it may go on."""
        if self.replica_lag is not None and load.replica_lag is not None:
            limit = self.replica_lag.total_seconds()
            if load.replica_lag > limit:
                return f"a replica lags {load.replica_lag:.1f} s (limit {limit:g} s)"
        threads = load.running_threads
        if self.running_threads is not None and threads is not None and threads > self.running_threads:
            return f"{threads} threads run (limit {self.running_threads})"
        return ""


@dataclass(slots=True, kw_only=True)
class Throttle:
    """Sleep where the limits say so.

    Args:
        limits: returns what holds now.
        measure: returns how busy the servers are.
        idle: called before each sleep with its reason; may raise to end the waiting.
    """

    limits: Callable[[], Limits]
    measure: Callable[[], Load]
    idle: Callable[[str], None] = lambda _reason: None
    _started: float = field(default_factory=time.monotonic, init=False)
    _rows: int = field(default=0, init=False)
    _rate: int | None = field(default=None, init=False)
    _look_at: float = field(default=0.0, init=False)

    def slow_down(self, rows: int) -> None:
        """Wait until *rows* more are within the limit per second."""
        limit = self.limits().rows_per_second
        if limit != self._rate or limit is None:
            self._rate, self._rows, self._started = limit, 0, time.monotonic()
        if limit is None:
            return
        self._rows += rows
        ahead = self._started + self._rows / limit - time.monotonic()
        if ahead > 0:
            self.idle(f"limited to {limit:,} rows per second")
            time.sleep(min(ahead, LONGEST_SLEEP.total_seconds()))

    def wait_for_calm(self) -> None:
        """Wait while a server is busier than the limits allow; looks once a second at most."""
        if time.monotonic() < self._look_at:
            return
        while reason := self._reason():
            self.idle(reason)
            time.sleep(LOOK_EVERY.total_seconds())
        self._look_at = time.monotonic() + LOOK_EVERY.total_seconds()

    def _reason(self) -> str:
        limits = self.limits()
        if limits.replica_lag is None and limits.running_threads is None:
            return ""
        return limits.reason(self.measure())
