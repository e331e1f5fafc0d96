"""End the move for good. Shows what becomes impossible, and does it with --apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments
from strangler.cli.render import console
from strangler.move.completing import complete, ending

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "end the move for good"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument("--drop", action="store_true", help="drop the old tables, too")
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show what becomes impossible; with --apply, do it."""
    out, service = console(stdout), options["service"]
    found = ending(service, is_dropping=options["drop"])
    out.print("After this, no more:")
    for sentence in found.impossible:
        out.print(f"  {sentence}")
    out.print(f"Changes that only {service} has: {found.only_new}")
    if not options["apply"]:
        out.print("Nothing was changed. Do it with --apply.")
        return 0
    complete(service, actor=actor(options), is_dropping=options["drop"])
    out.print("The move is completed.")
    return 0
