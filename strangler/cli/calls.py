"""Compare every call of the monolith with the task of its service; exit 1 if one side would not take what the other sends.

Made for CI: it needs neither databases nor brokers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.calls.comparison import compare
from strangler.cli.render import add_format_argument, console, table, write_json

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.calls.comparison import Comparison

HELP = "compare the calls of the monolith with the tasks of the services"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print what was found; return 1 if something is wrong."""
    found = compare()
    if options["format"] == "json":
        write_json(
            stdout, {each.call.name: {"place": each.place, "problems": each.problems} for each in found}
        )
    elif not found:
        stdout.write("The topology has no calls.")
    else:
        columns = ("call", "monolith", "service", "task", "both sides agree")
        console(stdout).print(table(columns, map(_row, found)))
    return 1 if any(each.problems for each in found) else 0


def _row(comparison: Comparison) -> tuple[str, ...]:
    call = comparison.call
    return (call.name, comparison.place, call.service, call.task, "\n".join(comparison.problems) or "yes")
