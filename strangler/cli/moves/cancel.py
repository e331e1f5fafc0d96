"""Give the move up: triggers and changelogs go, the monolith keeps its tables. Shows what it would do; does it with --apply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments
from strangler.cli.render import console
from strangler.move import laying, records
from strangler.move.cancelling import cancel, statements
from strangler.move.databases import open_pair

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "give it up; the monolith keeps its tables"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    parser.add_argument("--apply", action="store_true", help="do it; without, show what would be done")
    parser.add_argument("--empty-target", action="store_true", help="delete the copied rows too")
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Show the statements, or run them."""
    out, is_emptied = console(stdout), options["empty_target"]
    record = records.current(options["service"])
    with open_pair(record.service) as pair:
        tables = laying.table_pairs(record, pair=pair)
        for end, sql in statements(record, tables=tables, pair=pair, is_emptied=is_emptied):
            out.print(f"{end}: {sql}", markup=False)
        if not options["apply"]:
            out.print("Nothing was changed. Do it with --apply.")
            return 0
        cancel(record, pair=pair, is_emptied=is_emptied, actor=actor(options), reason=options["reason"])
    out.print("Cancelled.")
    return 0
