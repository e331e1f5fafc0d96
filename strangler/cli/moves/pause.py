"""Have the process that works on the move wait after the chunk at hand. Changes are still written to the changelogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments
from strangler.move import records

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "wait after the chunk at hand"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Pause the move."""
    record = records.current(options["service"])
    records.pause(record, name="operator", reason=options["reason"], actor=actor(options))
    stdout.write(f"Paused. Go on with: strangler move {record.service} resume")
    return 0
