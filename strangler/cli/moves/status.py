"""Show how far the move is: rows, speed, lag, remaining time, and by name what blocks it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from strangler.cli.move_text import say_status
from strangler.cli.render import add_format_argument, console, write_json
from strangler.isolation.ends import waiting
from strangler.move import records
from strangler.move.progress import status

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "show how far it is, and what blocks it"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the status of the move that is under way, or of the last one."""
    found = status(records.latest(options["service"]))
    loose_ends = waiting()
    if options["format"] == "json":
        more = {"copied": found.copied, "total": found.total, "loose_ends": loose_ends}
        write_json(stdout, {**asdict(found), **more})
        return 0
    say_status(found, out=console(stdout))
    if loose_ends:
        stdout.write(f"loose ends of deletions that wait for a relay: {loose_ends:,}")
    return 0
