"""Let a paused move go on. A process that waits goes on at once; if there is none, `start` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments
from strangler.move import records

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "let a paused move go on"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Resume the move."""
    record = records.current(options["service"])
    records.resume(record, actor=actor(options))
    holder = record.holder or f"nobody works on it: strangler move {record.service} start"
    stdout.write(f"Resumed ({holder}).")
    return 0
