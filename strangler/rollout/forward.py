"""Move a seam by hand: going forward needs proof or force, going back needs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.conf import config
from strangler.core.decision import Side
from strangler.core.evidence import Evidence
from strangler.core.ladder import Step, is_forward
from strangler.core.stages import PERCENT_STAGES, RolloutStage, advance
from strangler.core.verdict import Advice, Verdict, judge
from strangler.errors import EvidenceError, TransitionError
from strangler.rollout import plans
from strangler.rollout.changes import change, position
from strangler.rollout.health import read_health
from strangler.rollout.models import RolloutRecord
from strangler.rollout.parity import read_parity

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from strangler.core.stages import Rollout
    from strangler.rollout.models import RolloutEvent


def go(
    seam: str,
    *,
    stage: RolloutStage,
    percent: Decimal | None = None,
    actor: str,
    reason: str = "",
    is_forced: bool = False,
) -> RolloutEvent:
    """Move *seam* as a person asks for it, audited with what was known of both sides; ends its plan.

    Args:
        seam: name of the seam.
        stage: where it is to stand.
        percent: for canary and shadow.
        actor: who.
        reason: why; needed with *is_forced*.
        is_forced: go forward although too little is known, or what is known speaks against it.
    Raises:
        EvidenceError: forward, without proof and without force; nothing was changed.
        UnknownSeamError, TransitionError, SupersededError: nothing was changed.
    """
    before = position(seam)
    after = advance(before, stage=stage, percent=percent)
    verdict = permit(before, after, reason=reason, is_forced=is_forced, now=timezone.now())
    is_proved = verdict is None or verdict.outcome is Advice.PROMOTE
    event = change(
        seam,
        stage=stage,
        percent=after.percent if stage in PERCENT_STAGES else None,
        actor=actor,
        reason=reason,
        verdict=str(verdict or ""),
        is_forced=not is_proved,
        expected=Step.of(before) if is_forward(before, after) else None,
    )
    plans.stop(seam, actor=actor, reason=f"{actor} moved it to {after}.")
    return event


def permit(before: Rollout, after: Rollout, *, reason: str, is_forced: bool, now: datetime) -> Verdict | None:
    """Return the verdict that going from *before* to *after* is audited with; None for going back.

    Raises:
        EvidenceError: forward, without proof and without force.
        TransitionError: force without a reason.
    """
    if not is_forward(before, after):
        return None
    verdict = current_verdict(before, now=now)
    if verdict.outcome is Advice.PROMOTE:
        return verdict
    if not is_forced:
        raise EvidenceError(before.seam, wanted=str(after), reasons=verdict.reasons)
    if not reason.strip():
        message = (
            f'--force needs a reason for the audit: rollout {before.seam} {after} --force --reason "why"'
        )
        raise TransitionError(message, seam=before.seam)
    return verdict


def current_verdict(rollout: Rollout, *, now: datetime) -> Verdict:
    """Return whether a seam may go on from where it stands."""
    return judge_at(rollout, read_evidence(rollout, now=now))


def judge_at(rollout: Rollout, evidence: Evidence) -> Verdict:
    """Return whether a seam may go on from where it stands, by *evidence*."""
    targets = config().topology.seams[rollout.seam].targets
    return judge(evidence, targets=targets, is_serving=Step.of(rollout).share > 0)


def read_evidence(rollout: Rollout, *, now: datetime) -> Evidence:
    """Return all that is known of a seam where it stands: the service since then, parity and legacy since shadow."""
    seam = rollout.seam
    since = plans.evidence_since(seam, now=now)
    record = RolloutRecord.objects.using(config().database).filter(pk=seam).first()
    service = read_health(seam, since=record.changed_at if record else now)[Side.SERVICE]
    legacy = read_health(seam, since=since)[Side.LEGACY]
    return Evidence(parity=read_parity(seam, since=since), legacy=legacy, service=service)
