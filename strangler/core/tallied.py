"""What became of requests and calls, counted; and the health of both sides that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from strangler.core.decision import Side
from strangler.core.evidence import Health
from strangler.core.latency import percentile

Counts = Mapping[tuple[str, str | int], int]
"""(side, outcome or bucket of the time it took) → how many."""


class Outcome(StrEnum):
    """What became of a request or call; a fallback is counted on the service, which failed."""

    DONE = "done"
    FAILED = "failed"
    FALLBACK = "fallback"
    REFUSED = "refused"
    BAD_OVERRIDE = (
        "bad-override"  # a forged or expired wish for a side; the request itself is counted besides
    )


def health_of(counts: Counts) -> dict[Side, Health]:
    """Return how each side fared. What was refused is the client's fault, and in no count."""
    return {side: _health_of(side, counts) for side in Side}


def _health_of(side: Side, counts: Counts) -> Health:
    done, failed, fallbacks = (
        counts.get((side.value, outcome.value), 0)
        for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.FALLBACK)
    )
    took = Counter(
        {
            what: count
            for (whose, what), count in counts.items()
            if whose == side.value and isinstance(what, int)
        }
    )
    return Health(
        requests=done + failed + fallbacks,
        failures=failed,
        fallbacks=fallbacks,
        p99=percentile(took, share=0.99),
    )
