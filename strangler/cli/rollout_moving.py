"""Move a seam to a stage by hand: `rollout images.upload canary 25 --force --reason "first try"`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.cli.gateway_options import apply_now
from strangler.cli.rollout_text import say_flight, say_plan
from strangler.core.ladder import is_forward
from strangler.core.stages import PERCENT_STAGES, RolloutStage, advance, parse_percent
from strangler.rollout.forward import current_verdict, go
from strangler.rollout.propagation import wait_until_settled

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.core.stages import Rollout


def move(before: Rollout, options: dict[str, Any], *, actor: str, out: Console) -> int:
    """Make the change and wait until all processes follow."""
    after = _wanted(before, options)
    if options["dry_run"]:
        return _preview(before, after, keys=options["keys"], out=out)
    event = go(
        before.seam,
        stage=after.stage,
        percent=after.percent if after.stage in PERCENT_STAGES else None,
        actor=actor,
        reason=options["reason"],
        is_forced=options["force"],
    )
    say_plan(before, after, keys=options["keys"], out=out)
    if event.is_forced:
        out.print("Forced: the audit says so, and what was missing.")
    state = wait_until_settled(event.revision, timeout=timedelta(seconds=options["wait_seconds"]))
    out.print(f"Revision {event.revision}: {state}.")
    say_flight(before.seam, after, out=out)
    if options["apply_gateway"]:
        apply_now(options["apply_gateway"], options, out=out)
    return 0


def _preview(before: Rollout, after: Rollout, *, keys: int, out: Console) -> int:
    say_plan(before, after, keys=keys, out=out)
    if is_forward(before, after):
        out.print(f"Verdict: {current_verdict(before, now=timezone.now())}")
    out.print("Nothing was changed (--dry-run).")
    return 0


def _wanted(before: Rollout, options: dict[str, Any]) -> Rollout:
    stage = RolloutStage.parse(options["stage"])
    percent = parse_percent(options["percent"], seam=before.seam) if options["percent"] is not None else None
    return advance(before, stage=stage, percent=percent)
