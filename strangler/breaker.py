"""A circuit breaker per service or replica and process, on top of pybreaker.

pybreaker holds its lock for as long as the guarded call runs, which would let one request at a time through. So
it is told outcomes after the fact, in critical sections without I/O, and only keeps the state.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pybreaker

if TYPE_CHECKING:
    from collections.abc import Callable


class _Failed(Exception):
    """Tells pybreaker that a call failed; never seen by anybody."""


def _now() -> datetime:
    return datetime.now(UTC)


class Breaker:
    """Says whether a service or a replica may be asked, from how it answered before.

    Closed: everybody may. After *failures* in a row it opens: nobody may, for *reset*. Then one probe at a time is
    admitted; its success closes the breaker, its failure opens it again. A probe that never reports (its client
    went away) is forgotten after *reset*. Thread-safe; never waits.
    """

    def __init__(
        self, name: str, *, failures: int, reset: timedelta, clock: Callable[[], datetime] = _now
    ) -> None:
        self.name = name
        self._reset = reset
        self._clock = clock
        self._lock = threading.Lock()
        self._opened_at: datetime | None = None
        self._probed_at: datetime | None = None
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=failures, reset_timeout=reset.total_seconds(), name=name, throw_new_error_on_trip=False
        )

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        return self._circuit.current_state

    def admit(self) -> bool:
        """Return whether the service may be asked now; if so, `succeeded`, `failed` or `release` follows."""
        if self._circuit.current_state == pybreaker.STATE_CLOSED:
            return True
        with self._lock:
            return self._admit_probe(self._clock())

    def succeeded(self) -> None:
        """Record that the service answered."""
        if self._circuit.current_state == pybreaker.STATE_CLOSED and not self._circuit.fail_counter:
            return  # the common case needs no lock
        with self._lock:
            if self._circuit.current_state != pybreaker.STATE_OPEN:
                self._circuit.call(lambda: None)
                self._probed_at = None

    def failed(self) -> None:
        """Record that the service did not answer; late news about an open breaker changes nothing."""
        with self._lock:
            if self._circuit.current_state == pybreaker.STATE_OPEN:
                return
            try:
                self._circuit.call(_fail)
            except _Failed:
                self._probed_at = None
            if self._circuit.current_state == pybreaker.STATE_OPEN:
                self._opened_at = self._clock()

    def release(self) -> None:
        """Take back an admission that came to nothing: the service was not asked, or the client went away."""
        with self._lock:
            self._probed_at = None

    def _admit_probe(self, now: datetime) -> bool:
        if self._circuit.current_state == pybreaker.STATE_CLOSED:
            return True
        if self._opened_at is not None and now < self._opened_at + self._reset:
            return False
        if self._probed_at is not None and now < self._probed_at + self._reset:
            return False
        if self._circuit.current_state == pybreaker.STATE_OPEN:
            self._circuit.half_open()
        self._probed_at = now
        return True


def _fail() -> None:
    raise _Failed
