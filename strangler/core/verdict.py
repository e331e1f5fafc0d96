"""May a seam go on? The statistical conclusion from what is known about its two sides.

A verdict promotes only on proof, and rolls back only on proof; whatever lies between, no data included, holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strangler.core.evidence import Evidence, Health, Parity

FEWEST = 3  # one or two failures or mismatches are never proof, however few requests there were
_MILLISECOND = timedelta(milliseconds=1)


class Advice(StrEnum):
    """What is to be done with a seam."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What a seam has to prove.

    Args:
        parity: share of comparisons that must match, 0 to below 1; the lower bound of the rate has to reach it.
        confidence: of the bound that a seam goes forward on.
        certainty: of the bounds that it goes back on; higher, since they are looked at every second, and what is
            looked at often enough is some time exceeded by chance.
        min_comparisons: fewest comparisons, however well they match.
        min_shapes: fewest distinct shapes of input among them.
        max_error_rate: share of requests that may fail on the service beyond the share that fails on legacy.
        max_fallback_rate: share of the service's requests that legacy may have to answer.
        max_p99_ratio: the service's p99 may be so many times legacy's,
        p99_slack: and this much more.
        min_requests: fewest requests to the service before a step can end, or its p99 means anything.
        dwell: shortest stay on a step.
        window: errors, fallbacks and p99 are judged over sliding windows of this length, to roll back.
    """

    parity: float = 0.99
    confidence: float = 0.95
    certainty: float = 0.999
    min_comparisons: int = 100
    min_shapes: int = 1
    max_error_rate: float = 0.01
    max_fallback_rate: float = 0.01
    max_p99_ratio: float = 1.5
    p99_slack: timedelta = timedelta(milliseconds=50)
    min_requests: int = 100
    dwell: timedelta = timedelta(minutes=10)
    window: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The conclusion, and why.

    Args:
        outcome: what is to be done.
        reasons: sentences with numbers: what is proved, or what is missing.
        missing: further comparisons that are needed, if all of them match.
    """

    outcome: Advice
    reasons: tuple[str, ...]
    missing: int = 0

    def __str__(self) -> str:
        """Return the outcome and its reasons as one line."""
        return f"{self.outcome}: {' '.join(self.reasons)}"


def lower_bound(hits: int, *, of: int, confidence: float) -> float:
    """Return the Wilson lower bound of a rate of which *hits* of *of* were seen; 0 where nothing was seen.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927), 209-212; two-sided, without continuity correction.
    """
    if not of:
        return 0.0
    center, spread = _wilson(hits, of=of, confidence=confidence)
    return max(center - spread, 0.0)


def upper_bound(hits: int, *, of: int, confidence: float) -> float:
    """Return the Wilson upper bound of a rate of which *hits* of *of* were seen; 1 where nothing was seen."""
    if not of:
        return 1.0
    center, spread = _wilson(hits, of=of, confidence=confidence)
    return min(center + spread, 1.0)


def missing_comparisons(parity: Parity, *, targets: Targets) -> int:
    """Return how many more comparisons are needed until *targets* are met, if all of them match."""

    def is_enough(more: int) -> bool:
        compared = parity.compared + more
        bound = lower_bound(parity.matched + more, of=compared, confidence=targets.confidence)
        return bound >= targets.parity and compared >= targets.min_comparisons

    if is_enough(0):
        return 0
    enough = 1
    while not is_enough(enough):
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if is_enough(middle) else (middle, enough)
    return enough


def judge(evidence: Evidence, *, targets: Targets, is_serving: bool) -> Verdict:
    """Return whether a seam may go on.

    Args:
        evidence: of the whole step, or what counts for it.
        targets: what the seam has to prove.
        is_serving: whether the service answers anybody. If not there is nothing to roll back: what would be a reason
            for it holds instead, and requests to the service are not asked for.
    """
    faults = find_faults(evidence, targets=targets) if is_serving else ()
    missing = missing_comparisons(evidence.parity, targets=targets)
    if faults:
        return Verdict(outcome=Advice.ROLL_BACK, reasons=faults, missing=missing)
    lacks = [*_parity_lacks(evidence.parity, targets, missing)]
    if is_serving:
        lacks += _health_lacks(evidence, targets)
    if lacks:
        return Verdict(outcome=Advice.HOLD, reasons=tuple(lacks), missing=missing)
    return Verdict(outcome=Advice.PROMOTE, reasons=tuple(_proofs(evidence, is_serving=is_serving)))


def find_faults(evidence: Evidence, *, targets: Targets) -> tuple[str, ...]:
    """Return the reasons to roll back, as sentences; none without proof."""
    service, legacy = evidence.service, evidence.legacy
    return (
        *_parity_fault(evidence.parity, targets),
        *_rate_fault(
            service.failures,
            service,
            limit=_highest_failure_rate(legacy, targets) + targets.max_error_rate,
            what="failed on the service",
            targets=targets,
        ),
        *_rate_fault(
            service.fallbacks,
            service,
            limit=targets.max_fallback_rate,
            what="fell back to legacy",
            targets=targets,
        ),
        *_p99_fault(legacy, service, targets),
    )


def _highest_failure_rate(legacy: Health, targets: Targets) -> float:
    """Return how often legacy may be failing in truth; a side that never failed is believed to be sound."""
    if not legacy.failures:
        return 0.0
    return upper_bound(legacy.failures, of=legacy.requests, confidence=targets.certainty)


def _parity_fault(parity: Parity, targets: Targets) -> list[str]:
    different = parity.compared - parity.matched
    bound = upper_bound(parity.matched, of=parity.compared, confidence=targets.certainty)
    if different < FEWEST or bound >= targets.parity:
        return []
    rate = _percent(_rate(parity.matched, parity.compared))
    wanted = _percent(targets.parity)
    return [f"{different:,} of {parity.compared:,} comparisons differ: {rate} match, {wanted} have to."]


def _rate_fault(count: int, service: Health, *, limit: float, what: str, targets: Targets) -> list[str]:
    bound = lower_bound(count, of=service.requests, confidence=targets.certainty)
    if count < FEWEST or bound <= limit:
        return []
    rate = _percent(_rate(count, service.requests))
    return [f"{count:,} of {service.requests:,} requests {what} ({rate}; allowed are {_percent(limit)})."]


def _p99_fault(legacy: Health, service: Health, targets: Targets) -> list[str]:
    has_enough = service.requests >= targets.min_requests and legacy.requests >= targets.min_requests
    if not has_enough or service.p99 is None or legacy.p99 is None:
        return []
    limit = legacy.p99 * targets.max_p99_ratio + targets.p99_slack
    if service.p99 <= limit:
        return []
    ours, theirs, allowed = map(_milliseconds, (service.p99, legacy.p99, limit))
    over = f"over {service.requests:,} requests"
    return [f"The service's p99 is {ours} {over}, legacy's {theirs}; allowed are {allowed}."]


def _parity_lacks(parity: Parity, targets: Targets, missing: int) -> list[str]:
    lacks = []
    if missing:
        lacks.append(
            f"{missing:,} more matching comparisons are needed: {parity.matched:,} of {parity.compared:,} match, "
            f"{_percent(targets.parity)} have to at {_percent(targets.confidence)} confidence."
        )
    is_told_already = missing and targets.min_shapes == 1
    if len(parity.shapes) < targets.min_shapes and not is_told_already:
        lacks.append(f"{len(parity.shapes)} of {targets.min_shapes} shapes were seen.")
    return lacks


def _health_lacks(evidence: Evidence, targets: Targets) -> list[str]:
    service, legacy = evidence.service, evidence.legacy
    if service.requests < targets.min_requests:
        more = targets.min_requests - service.requests
        return [
            f"{more:,} more requests to the service are needed ({service.requests:,} of {targets.min_requests:,})."
        ]
    failed, allowed = _rate(service.failures, service.requests), _rate(legacy.failures, legacy.requests)
    lacks = []
    if failed > allowed + targets.max_error_rate:
        limit = _percent(allowed + targets.max_error_rate)
        lacks.append(f"{_percent(failed)} of the service's requests failed; allowed are {limit}.")
    fallen = _rate(service.fallbacks, service.requests)
    if fallen > targets.max_fallback_rate:
        limit = _percent(targets.max_fallback_rate)
        lacks.append(f"{_percent(fallen)} of the service's requests fell back; allowed are {limit}.")
    return lacks


def _proofs(evidence: Evidence, *, is_serving: bool) -> list[str]:
    parity, service = evidence.parity, evidence.service
    shapes = "1 shape" if len(parity.shapes) == 1 else f"{len(parity.shapes)} shapes"
    proofs = [f"{parity.matched:,} of {parity.compared:,} comparisons match, {shapes}."]
    if is_serving:
        p99 = f", p99 {_milliseconds(service.p99)}" if service.p99 is not None else ""
        proofs.append(
            f"{service.failures:,} of {service.requests:,} requests failed on the service, "
            f"{service.fallbacks:,} fell back{p99}."
        )
    return proofs


def _wilson(hits: int, *, of: int, confidence: float) -> tuple[float, float]:
    """Return the middle of the interval and half its width."""
    z = _quantile(confidence)
    rate = hits / of
    scale = 1 + z * z / of
    center = (rate + z * z / (2 * of)) / scale
    spread = z * math.sqrt(rate * (1 - rate) / of + z * z / (4 * of * of)) / scale
    return center, spread


@cache
def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _rate(count: int, of: int) -> float:
    return count / of if of else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def _milliseconds(duration: timedelta) -> str:
    return f"{duration / _MILLISECOND:,.0f} ms"
