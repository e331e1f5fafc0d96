"""What `strangler rollout` says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.calls.flight import read_flight
from strangler.cli.render import table
from strangler.conf import config
from strangler.core.stages import PERCENT_STAGES, RolloutStage, format_percent
from strangler.rollout.preview import preview
from strangler.rollout.report import read_history

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.core.stages import Rollout
    from strangler.rollout.models import RolloutEvent


def say_plan(before: Rollout, after: Rollout, *, keys: int, out: Console) -> None:
    """Say what is going to change, and for how many of *keys* sample keys."""
    out.print(f"{before.seam}: [bold]{before}[/bold] → [bold]{after}[/bold]")
    if after.stage is RolloutStage.SHADOW:
        out.print(f"Legacy does all of the work; {format_percent(after.percent)} % of it are compared.")
    if RolloutStage.CANARY in {before.stage, after.stage}:
        seen = preview(before, after, keys=keys)
        out.print(
            f"Of {seen.keys:,} sample keys {seen.share:.2f} % are on the service: "
            f"{seen.to_service:,} go to it, {seen.back_to_legacy:,} go back to legacy."
        )


def say_flight(seam: str, after: Rollout, *, out: Console) -> None:
    """Say which messages go on to the side that they were sent to, whatever stands now."""
    flight = read_flight(config().topology.seams[seam])
    if flight is None:
        return
    if after.stage is not RolloutStage.LIVE:
        out.print(f"In flight to the service, which still does them: {flight.to_service} (outbox + queue).")
    if after.stage is not RolloutStage.LEGACY and flight.legacy_queue:
        out.print(f"In flight to legacy, which still does them: {flight.to_legacy} in {flight.legacy_queue}.")


def say_history(now: Rollout, *, limit: int, out: Console) -> None:
    """Say where a seam stands, and its last *limit* changes."""
    out.print(f"{now.seam} is at [bold]{now}[/bold].")
    out.print(table(("changed (UTC)", "from", "to", "by", "reason"), _history(now.seam, limit=limit)))


def _history(seam: str, *, limit: int) -> list[tuple[str, ...]]:
    return [
        (
            f"{event.changed_at:%Y-%m-%d %H:%M:%S}",
            event.from_stage,
            _target(event),
            event.actor,
            f"forced: {event.reason}" if event.is_forced else event.reason,
        )
        for event in read_history(seam, limit=limit)
    ]


def _target(event: RolloutEvent) -> str:
    has_percent = event.to_stage in PERCENT_STAGES
    return f"{event.to_stage} {format_percent(event.to_percent)}" if has_percent else event.to_stage
