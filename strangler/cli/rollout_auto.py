"""Let a seam go forward by itself: `rollout images.upload auto --to live`, `rollout images.upload approve`."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.utils import timezone

from strangler.cli.rollout_log import PlanLog
from strangler.core.ladder import Step
from strangler.core.plan import PlanStatus
from strangler.core.stages import RolloutStage, advance, parse_percent
from strangler.errors import PlanError
from strangler.rollout import plans
from strangler.rollout.guard import guard_of

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.core.plan import Plan
    from strangler.core.stages import Rollout
    from strangler.rollout.guard import Guard

TICK = timedelta(seconds=1)


def run(before: Rollout, options: dict[str, Any], *, actor: str, out: Console) -> int:
    """Make the plan, or go on with the one there is, and follow it to its end; or stop it."""
    seam = before.seam
    if options["stop"]:
        reason = options["reason"] or f"{actor} stopped it."
        is_stopped = plans.stop(seam, actor=actor, reason=reason)
        said = "The plan is stopped" if is_stopped else "There is no plan to stop"
        out.print(f"{said}; {seam} stays at {before}.")
        return 0
    plan = _plan(before, options, actor=actor)
    if options["detach"]:
        out.print(
            f"{seam}: the plan to {plan.to} is written down. A running guard follows it: strangler status"
        )
        return 0
    return follow(plan, out=out)


def approve(before: Rollout, options: dict[str, Any], *, actor: str, out: Console) -> int:
    """Let the plan go to the step that it waits for."""
    step = plans.approve(before.seam, actor=actor, reason=options["reason"])
    out.print(f"{before.seam}: {actor} approved {step}. The guard goes there if all is still proved.")
    return 0


def follow(plan: Plan, *, out: Console) -> int:
    """Be the guard of *plan* until it is over, and say what happens; whoever is killed can be started again."""
    guard = guard_of(plan.seam)
    with PlanLog(plan, out=out) as log:
        with suppress(KeyboardInterrupt):
            plan = _watch(guard, plan, log=log)
        if plan.status.is_over:
            return 0 if plan.status is PlanStatus.DONE else 1
        log.leave()
        return 1


def _watch(guard: Guard, plan: Plan, *, log: PlanLog) -> Plan:
    while not plan.status.is_over:
        try:
            plan = guard.tick(timezone.now()) or plan
            log.show(plan)
        except DatabaseError as error:
            log.trouble(f"the database says: {error}; it is tried again")
        if not plan.status.is_over:
            time.sleep(TICK.total_seconds())
    return plan


def _plan(before: Rollout, options: dict[str, Any], *, actor: str) -> Plan:
    if options["to"]:
        to = _parse_target(before, options["to"])
        return plans.start(before.seam, to=to, actor=actor, reason=options["reason"], now=timezone.now())
    plan = plans.read(before.seam)
    if plan is None or plan.status.is_over:
        message = f"has no plan to go on with. Make one: rollout {before.seam} auto --to live"
        raise PlanError(message, seam=before.seam)
    return plan


def _parse_target(before: Rollout, words: list[str]) -> Step:
    """Return the step that `--to live` or `--to canary 25` names."""
    stage = RolloutStage.parse(words[0])
    percent = parse_percent(words[1], seam=before.seam) if len(words) > 1 else None
    return Step.of(advance(before, stage=stage, percent=percent))
