"""Make the monolith the owner again, with everything that was written since the switch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments, add_wait_argument, say_followed
from strangler.cli.moves.switch import add_budget_argument, say
from strangler.cli.render import console
from strangler.move.reversing import reverse

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "make the monolith the owner again"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_budget_argument(parser)
    parser.add_argument(
        "--legacy",
        action="append",
        default=[],
        metavar="SEAM",
        help="seam that goes back to legacy in the same commit",
    )
    add_wait_argument(parser)
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Reverse, and say how long writers waited."""
    out = console(stdout)
    done = reverse(
        options["service"],
        actor=actor(options),
        budget=timedelta(milliseconds=options["budget_ms"]),
        seams=options["legacy"],
        watch=lambda step, moment: out.print(f"  {step}") if moment == "after" else None,
    )
    out.print(f"{say(done)} To switch again, verify first: strangler move {options['service']} verify")
    say_followed(options, out=out)
    return 0
