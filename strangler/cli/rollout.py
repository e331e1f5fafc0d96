"""Show or change where a seam stands: `rollout images.upload canary 25`, `rollout images.upload legacy`."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.cli.render import console
from strangler.cli.rollout_text import say_flight, say_history, say_plan
from strangler.core.stages import RolloutStage, advance, parse_percent
from strangler.rollout import change
from strangler.rollout.changes import position
from strangler.rollout.propagation import wait_until_settled

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.core.stages import Rollout

HELP = "show or change where a seam stands"
HISTORY = 10  # changes that are shown


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("seam", help="name of the seam, such as images.upload")
    stages = ", ".join(RolloutStage)
    parser.add_argument("stage", nargs="?", help=f"{stages}; without it the seam's history is shown")
    parser.add_argument("percent", nargs="?", help="share of clients in canary, such as 25 or 0.5")
    parser.add_argument("--reason", default="", help="why; kept in the audit")
    parser.add_argument("--actor", default="", help="who; the system's user by default")
    parser.add_argument("--dry-run", action="store_true", help="say what would change and change nothing")
    parser.add_argument(
        "--keys", type=int, default=10_000, help="sample keys that a canary is counted over (10000)"
    )
    parser.add_argument(
        "--wait-seconds", type=float, default=5, help="for all processes to follow (5; 0: do not wait)"
    )


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the history, or make the change and wait until all processes follow."""
    out = console(stdout)
    before = position(options["seam"])
    if options["stage"] is None:
        say_history(before, limit=HISTORY, out=out)
        return 0
    after = _wanted(before, options)
    say_plan(before, after, keys=options["keys"], out=out)
    if options["dry_run"]:
        out.print("Nothing was changed (--dry-run).")
        return 0
    actor = options["actor"] or getpass.getuser()
    percent = after.percent if after.stage is RolloutStage.CANARY else None
    event = change(before.seam, stage=after.stage, percent=percent, actor=actor, reason=options["reason"])
    state = wait_until_settled(event.revision, timeout=timedelta(seconds=options["wait_seconds"]))
    out.print(f"Revision {event.revision}: {state}.")
    say_flight(before.seam, after, out=out)
    return 0


def _wanted(before: Rollout, options: dict[str, Any]) -> Rollout:
    stage = RolloutStage.parse(options["stage"])
    percent = parse_percent(options["percent"], seam=before.seam) if options["percent"] is not None else None
    return advance(before, stage=stage, percent=percent)
