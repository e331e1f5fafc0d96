"""Show what `start` would do, statement for statement, and every reason against it. Nothing is changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from strangler.cli.move_text import say_plan
from strangler.cli.render import add_format_argument, console, write_json
from strangler.move.databases import open_pair
from strangler.move.planning import plan

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "show every statement, and every reason against the move"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.add_argument("--replicate", action="store_true", help="one way, without a switch")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the plan; 1 if the move would be refused."""
    with open_pair(options["service"]) as pair:
        planned = plan(options["service"], pair=pair, is_replica=options["replicate"])
    if options["format"] == "json":
        write_json(stdout, asdict(planned))
    else:
        say_plan(planned, out=console(stdout))
    return 1 if planned.blocking else 0
