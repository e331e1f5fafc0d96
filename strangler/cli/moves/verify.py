"""Compare all tables of the move on both sides, down to rows and columns. A good result lets a switch happen for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments
from strangler.cli.render import console
from strangler.move.gating import check

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "compare both sides; gates the switch"
SHOWN = 20


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Compare, and name what differs; 1 if anything does."""
    out = console(stdout)
    result, report = check(options["service"], actor=actor(options))
    for table in report.tables:
        state = "equal" if table.is_equal else "DIFFERENT"
        out.print(f"{table.table}: {table.source_rows} and {table.target_rows} rows, {state}")
        if table.moving:
            out.print(f"  {table.moving} rows change all the time; the switch compares them behind the fence")
        for remark in (*table.losses, *table.accepted):
            out.print(f"  {remark}")
        for difference in table.differences[:SHOWN]:
            out.print(f"  {difference}")
    out.print(str(result))
    return 0 if report.is_equal else 1
