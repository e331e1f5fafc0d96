"""What a process keeps for its facade: breakers, and the way to rollouts and tallies."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from strangler import rollout
from strangler.breaker import Breaker
from strangler.conf import config
from strangler.core.decision import Side
from strangler.facade.policy import FIRST_SERVER_ERROR
from strangler.facade.target import is_plain

if TYPE_CHECKING:
    from datetime import timedelta

    from strangler.core.decision import Decision
    from strangler.core.topology import Route
    from strangler.rollout import Outcome


class Door:
    """The state that the conversations of one process share. Thread-safe."""

    def __init__(self) -> None:
        self._breakers: dict[str, Breaker] = {}
        self.snapshot = rollout.current
        self._tally = rollout.tally  # looked up once: the package finds its names anew each time
        self._outcome = rollout.Outcome
        self._lock = threading.Lock()

    def match(self, method: str, path: str) -> Route | None:
        """Return the route of a request, or None for one that the facade leaves alone."""
        route = config().topology.match(method, path)
        return route if route is not None and is_plain(path) else None

    def has_calls(self) -> bool:
        """Whether any request could make a call that is a seam; without calls nothing is added to requests."""
        return bool(config().topology.calls)

    def breaker(self, service: str) -> Breaker:
        """Return the breaker of *service*."""
        breaker = self._breakers.get(service)
        return breaker if breaker is not None else self._make_breaker(service)

    def tally(self, decision: Decision, outcome: Outcome, *, took: timedelta | None = None) -> None:
        """Count what became of a request on the side that was to do it, after it *took* so long."""
        self._tally(decision.seam, side=decision.side, outcome=outcome, took=took)

    def tally_status(self, decision: Decision, status: int, *, took: timedelta) -> None:
        """Count an answer of the side that was to give it; its head came after it *took* so long."""
        is_done = status < FIRST_SERVER_ERROR
        outcome = self._outcome.DONE if is_done else self._outcome.FAILED
        self._tally(decision.seam, side=decision.side, outcome=outcome, took=took)

    def tally_bad_override(self, decision: Decision) -> None:
        """Count an override that nobody signed; on the service, so that it adds nothing to legacy's requests."""
        self._tally(decision.seam, side=Side.SERVICE, outcome=self._outcome.BAD_OVERRIDE)

    def _make_breaker(self, service: str) -> Breaker:
        with self._lock:
            return self._breakers.setdefault(
                service,
                Breaker(service, failures=config().breaker_failures, reset=config().breaker_reset),
            )
