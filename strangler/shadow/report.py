"""What comparing found, for people: match rate, causes, what was not compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q

from strangler.conf import config
from strangler.core.verdict import lower_bound, upper_bound
from strangler.errors import UnknownSeamError
from strangler.shadow import losses
from strangler.shadow.evidence import read_parity
from strangler.shadow.findings import causes, compared
from strangler.shadow.models import CaptureRecord, CaptureState
from strangler.shadow.noise import noise_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from strangler.core.evidence import Parity
    from strangler.shadow.models import Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseReport:
    """One cause, and how often it came.

    Args:
        count: comparisons that show it.
        is_noise: legacy shows it against itself, so it is no mismatch.
        rule: number of the rule that noise proposed for it; None for none.
        rule_state: what was said about that rule.
        example: id of the capture that is kept as its example.
    """

    seam: str
    id: int
    cause: str
    kind: str
    place: str
    count: int
    is_noise: bool
    rule: int | None
    rule_state: str
    control: str
    candidate: str
    example: UUID
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamFindings:
    """What comparing one seam found in a window.

    Args:
        parity: noise left out.
        low, high: Wilson bounds of the match rate.
        noisy: comparisons that differ in nothing but noise; counted as matched.
        samples: captures that legacy was asked twice.
        not_compared: reason → count.
        lost: captures that were never made, by cause.
        pending, dead: captures that wait for the worker, and those no worker came to an end with.
        causes: most frequent first, noise last.
    """

    seam: str
    parity: Parity
    low: float
    high: float
    noisy: int
    samples: int
    not_compared: Mapping[str, int]
    lost: Mapping[str, int]
    pending: int
    dead: int
    causes: tuple[CauseReport, ...]

    @property
    def rate(self) -> float | None:
        """Share of comparisons that match; None without any."""
        return self.parity.matched / self.parity.compared if self.parity.compared else None


def make_report(*, since: datetime, seam: str = "") -> list[SeamFindings]:
    """Return what was found since a moment, of *seam* or of every seam that anything is known of.

    Raises:
        UnknownSeamError: the topology has no such seam.
    """
    seams = config().topology.seams
    if seam and seam not in seams:
        raise UnknownSeamError(seam, known=seams)
    lost = losses.totals(since=since)
    names = [seam] if seam else [name for name in seams if _is_known(name, since) or name in lost]
    return [_report(name, since=since, lost=lost.get(name, {})) for name in names]


def _is_known(seam: str, since: datetime) -> bool:
    waits = CaptureRecord.objects.using(config().database).filter(seam=seam)
    return compared().filter(seam=seam, compared_at__gte=since).exists() or waits.exists()


def _report(seam: str, *, since: datetime, lost: Mapping[str, int]) -> SeamFindings:
    confidence = config().topology.seams[seam].targets.confidence
    parity = read_parity(seam, since)
    window = compared().filter(seam=seam, compared_at__gte=since)
    reasons = window.filter(is_noise=False, matched=None).values_list("reason").annotate(count=Count("pk"))
    bare = window.filter(is_noise=False, matched=True).count()
    states = CaptureRecord.objects.using(config().database).filter(seam=seam)
    return SeamFindings(
        seam=seam,
        parity=parity,
        low=lower_bound(parity.matched, of=parity.compared, confidence=confidence),
        high=upper_bound(parity.matched, of=parity.compared, confidence=confidence),
        noisy=parity.matched - bare,
        samples=window.filter(is_noise=True, matched__isnull=False).count(),
        not_compared=dict(reasons.order_by("-count", "reason")),
        lost=lost,
        pending=states.exclude(state=CaptureState.DEAD).count(),
        dead=states.filter(state=CaptureState.DEAD).count(),
        causes=_causes(seam, since=since),
    )


def _causes(seam: str, *, since: datetime) -> tuple[CauseReport, ...]:
    noise = set(noise_of(seam, since=since).values_list("pk", flat=True))
    is_meant = Q(found__comparison__compared_at__gte=since, found__comparison__is_noise=False)
    found = (
        causes()
        .filter(seam=seam)
        .select_related("rule")
        .annotate(
            count=Count("found", filter=is_meant), last=Max("found__comparison__compared_at", filter=is_meant)
        )
        .filter(count__gt=0)
    )
    reports = (_cause_report(each, is_noise=each.pk in noise) for each in found)
    return tuple(sorted(reports, key=lambda each: (each.is_noise, -each.count, each.cause)))


def _cause_report(cause: Cause, *, is_noise: bool) -> CauseReport:
    return CauseReport(
        seam=cause.seam,
        id=cause.pk,
        cause=cause.text,
        kind=cause.kind,
        place=cause.place,
        count=cause.count,  # type: ignore[attr-defined]
        is_noise=is_noise,
        rule=cause.rule_id,
        rule_state=cause.rule.state if cause.rule else "",
        control=cause.control_example,
        candidate=cause.candidate_example,
        example=cause.example,
        first_seen_at=cause.first_seen_at,
        last_seen_at=cause.last,  # type: ignore[attr-defined]
    )
