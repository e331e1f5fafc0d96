"""Make the service the owner of the tables. Writers wait for the budget at most; beyond it everything stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments, add_wait_argument, say_followed
from strangler.cli.render import console
from strangler.move.switching import switch

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.move.steps import Moved

HELP = "make the service the owner"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_budget_argument(parser)
    parser.add_argument(
        "--live", action="append", default=[], metavar="SEAM", help="seam that goes live in the same commit"
    )
    add_wait_argument(parser)
    add_actor_arguments(parser)


def add_budget_argument(parser: CommandParser) -> None:
    """Add how long writers may wait."""
    parser.add_argument("--budget-ms", type=int, default=1000, help="writers wait so long at most (1000)")


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Switch, and say how long writers waited."""
    out = console(stdout)
    done = switch(
        options["service"],
        actor=actor(options),
        budget=timedelta(milliseconds=options["budget_ms"]),
        seams=options["live"],
        watch=lambda step, moment: out.print(f"  {step}") if moment == "after" else None,
    )
    out.print(f"{say(done)} Go back at any time: strangler move {options['service']} reverse")
    say_followed(options, out=out)
    return 0


def say(done: Moved) -> str:
    """Return what a switch or reverse did, for people."""
    waited = round(done.pause.total_seconds() * 1000)
    return f"The move is {done.stage}; writers waited {waited} ms at most, {done.drained} changes were brought along."
