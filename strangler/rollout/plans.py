"""Plans in the database: made, approved and stopped by people, brought forward by the guard; all of it audited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from strangler.conf import config
from strangler.core.ladder import Step, next_step
from strangler.core.plan import Plan, PlanStatus
from strangler.core.stages import RolloutStage
from strangler.errors import PlanError, SupersededError
from strangler.rollout.changes import change, ensure_revision, note, position
from strangler.rollout.models import RolloutEvent, RolloutPlan, RolloutRecord

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

GUARD = "guard"
"""The actor of what happens by itself."""

_ENDS = [status.value for status in PlanStatus if status.is_over]


def start(seam: str, *, to: Step, actor: str, now: datetime, reason: str = "") -> Plan:
    """Make a plan that brings *seam* to *to*, in place of any earlier one; the next tick of a guard begins it.

    A plan to the same target that is not over is returned as it is.

    Raises:
        UnknownSeamError, TransitionError: no such seam, or nothing to roll out.
        PlanError: it is there already.
    """
    at, open_plan = Step.of(position(seam)), read(seam)
    if open_plan is not None and not open_plan.status.is_over and (open_plan.to, open_plan.at) == (to, at):
        return open_plan
    if next_step(at, to=to) is None:
        raise PlanError(f"is at {at} already, so there is no way to {to}.", seam=seam)
    plan = Plan(
        seam=seam,
        to=to,
        at=at,
        actor=actor,
        started_at=now,
        step_since=now,
        evidence_since=evidence_since(seam, now=now),
        reason=f"On the way to {to}.",
    )
    ensure_revision()
    with transaction.atomic(using=config().database):
        rows = _rows()
        rows.filter(pk=seam).delete()
        rows.create(seam=seam, **_columns(plan))
        note(seam, actor=actor, reason=f"auto to {to}{f': {reason}' if reason else ''}")
    return plan


def stop(seam: str, *, actor: str, reason: str) -> bool:
    """End the plan of *seam*, if there is one that is not over; the seam stays where it is. Returns whether it did."""
    ensure_revision()
    with transaction.atomic(using=config().database):
        found = (
            _rows()
            .filter(pk=seam)
            .exclude(status__in=_ENDS)
            .update(status=PlanStatus.STOPPED.value, reason=reason, version=F("version") + 1)
        )
        if found:
            note(seam, actor=actor, reason=reason)
    return bool(found)


def approve(seam: str, *, actor: str, reason: str = "") -> Step:
    """Let the plan of *seam* go to the step that it waits for, and return that.

    Raises:
        PlanError: it does not wait for anybody.
    """
    plan = read(seam)
    if plan is None:
        message = f"has no plan that could wait for approval. Make one: rollout {seam} auto --to live"
        raise PlanError(message, seam=seam)
    step = next_step(plan.at, to=plan.to)
    ensure_revision()
    with transaction.atomic(using=config().database):
        is_waiting = plan.status is PlanStatus.WAITING
        if not is_waiting or step is None or not _save(plan, replace(plan, approved=step)):
            message = f"does not wait for approval: the plan is {plan.status}. {plan.reason}"
            raise PlanError(message.strip(), seam=seam)
        note(seam, actor=actor, reason=f"approved {step}{f': {reason}' if reason else ''}")
    return step


def read(seam: str) -> Plan | None:
    """Return the last plan of *seam*, which may be over; None if it never had one."""
    row = _rows().filter(pk=seam).first()
    return row.value() if row else None


def read_all() -> dict[str, Plan]:
    """Return the last plan of every seam that had one."""
    return {row.seam: row.value() for row in _rows().all()}


def read_open() -> list[str]:
    """Return the seams whose plan is not over."""
    return list(_rows().exclude(status__in=_ENDS).order_by("seam").values_list("seam", flat=True))


def save(before: Plan, after: Plan, *, verdict: str = "") -> bool:
    """Write *after* and move the seam with it, unless somebody was faster; returns whether it was done.

    Two guards that decide at once both try to write: one finds the version raised, and does nothing.
    """
    ensure_revision()
    try:
        with transaction.atomic(using=config().database):
            if not _save(before, after):
                return False
            if after.at != before.at:
                change(
                    after.seam,
                    stage=after.at.stage,
                    percent=_percent(after.at),
                    actor=GUARD,
                    reason=after.reason,
                    verdict=verdict,
                    expected=before.at,
                )
    except SupersededError:
        return False
    return True


def evidence_since(seam: str, *, now: datetime) -> datetime:
    """Return from when on comparisons count for where *seam* stands: since it last went into shadow.

    A seam that never was in shadow counts from its last change, and one at legacy from now.
    """
    events = RolloutEvent.objects.using(config().database).filter(seam=seam)
    stage = RolloutStage.SHADOW.value
    entered = events.filter(to_stage=stage).exclude(from_stage=stage).first()
    left = (
        events.filter(to_stage=RolloutStage.LEGACY.value)
        .exclude(from_stage=RolloutStage.LEGACY.value)
        .first()
    )
    if entered is not None and (left is None or left.revision < entered.revision):
        return entered.changed_at
    record = RolloutRecord.objects.using(config().database).filter(pk=seam).first()
    if record is None or record.stage == RolloutStage.LEGACY.value:
        return now
    return record.changed_at


def _save(before: Plan, after: Plan) -> bool:
    """Write *after* if the plan in the database is still *before*."""
    rows = _rows().filter(pk=before.seam, version=before.version, started_at=before.started_at)
    return bool(rows.update(**_columns(replace(after, version=before.version + 1))))


def _columns(plan: Plan) -> dict[str, Any]:
    approved = plan.approved
    return {
        "to_stage": plan.to.stage.value,
        "to_percent": plan.to.percent,
        "at_stage": plan.at.stage.value,
        "at_percent": plan.at.percent,
        "status": plan.status.value,
        "reason": plan.reason,
        "missing": plan.missing,
        "actor": plan.actor,
        "approved_stage": approved.stage.value if approved else "",
        "approved_percent": approved.percent if approved else None,
        "started_at": plan.started_at,
        "step_since": plan.step_since,
        "evidence_since": plan.evidence_since,
        "version": plan.version,
    }


def _percent(step: Step) -> Any:
    return step.percent if step.stage in {RolloutStage.CANARY, RolloutStage.SHADOW} else None


def _rows() -> QuerySet[RolloutPlan]:
    return RolloutPlan.objects.using(config().database)
