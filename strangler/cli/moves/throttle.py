"""Change what the move may cost, while it runs; met within a second. Without limits: show those that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.moves.common import actor, add_actor_arguments, add_limit_arguments, limits
from strangler.move import records

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "change what it may cost, while it runs"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the action."""
    add_limit_arguments(parser)
    add_actor_arguments(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Put the limits down, and say which hold now."""
    record = records.current(options["service"])
    before = records.limits(record)
    after = limits(options, before=before)
    if after != before:
        records.throttle(record, after, actor=actor(options))
    stdout.write(f"Limits: {after}.")
    return 0
