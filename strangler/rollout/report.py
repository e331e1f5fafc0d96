"""What an operator wants to know of all seams at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.conf import config
from strangler.core.decision import Side
from strangler.rollout import plans, tallies
from strangler.rollout.forward import judge_at, read_evidence
from strangler.rollout.health import read_health
from strangler.rollout.models import ProcessReport, RolloutEvent
from strangler.rollout.snapshot import FORGET_AFTER, Snapshot, load
from strangler.rollout.tallies import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from strangler.core.evidence import Health, Parity
    from strangler.core.plan import Plan
    from strangler.core.stages import Rollout
    from strangler.core.topology import Seam
    from strangler.core.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamReport:
    """One seam: where it stands, since when, what its sides did in the window, and whether it may go on.

    Verdict and parity are None for a seam that was born in the service.
    """

    seam: Seam
    rollout: Rollout
    changed: RolloutEvent | None
    legacy: int
    service: int
    fallbacks: int
    failures: int
    health: Mapping[Side, Health]
    parity: Parity | None
    verdict: Verdict | None
    plan: Plan | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """All seams, and the processes that decide: process → revision it has."""

    revision: int
    window: timedelta
    seams: tuple[SeamReport, ...]
    processes: Mapping[str, int]

    @property
    def is_settled(self) -> bool:
        """Whether every running process decides by the newest revision."""
        return all(revision >= self.revision for revision in self.processes.values())


def make_report(*, window: timedelta) -> StatusReport:
    """Read the state of all seams, with counts of the last *window*."""
    now = timezone.now()
    snapshot = load()
    counts = tallies.totals(since=now - window)
    seams = config().topology.seams.items()
    known = plans.read_all()
    return StatusReport(
        revision=snapshot.revision,
        window=window,
        seams=tuple(
            _report_seam(seam, snapshot, counts.get(name, {}), plan=known.get(name), now=now, window=window)
            for name, seam in seams
        ),
        processes=read_processes(now=now),
    )


def read_processes(*, now: datetime) -> dict[str, int]:
    """Return the processes that reported lately, with the revision that each decides by."""
    reports = ProcessReport.objects.using(config().database).filter(seen_at__gte=now - FORGET_AFTER)
    return dict(reports.order_by("process").values_list("process", "revision"))


def read_history(seam: str, *, limit: int) -> list[RolloutEvent]:
    """Return the last *limit* changes of *seam*, newest first."""
    return list(RolloutEvent.objects.using(config().database).filter(seam=seam)[:limit])


def _report_seam(
    seam: Seam,
    snapshot: Snapshot,
    counts: Mapping[tuple[str, str], int],
    *,
    plan: Plan | None,
    now: datetime,
    window: timedelta,
) -> SeamReport:
    history = read_history(seam.name, limit=1)
    rollout = snapshot.get(seam.name)
    evidence = read_evidence(rollout, now=now) if seam.has_legacy else None
    return SeamReport(
        seam=seam,
        rollout=rollout,
        changed=history[0] if history else None,
        legacy=sum(count for (side, _), count in counts.items() if side == Side.LEGACY.value),
        service=counts.get((Side.SERVICE.value, Outcome.DONE.value), 0),
        fallbacks=counts.get((Side.SERVICE.value, Outcome.FALLBACK.value), 0),
        failures=sum(count for (_, outcome), count in counts.items() if outcome == Outcome.FAILED.value),
        health=read_health(seam.name, since=now - window),
        parity=evidence.parity if evidence else None,
        verdict=judge_at(rollout, evidence) if evidence else None,
        plan=plan,
    )
