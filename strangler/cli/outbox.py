"""Look at the outbox, send parked or published messages again, or park messages that wait."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strangler.cli.duration import parse_duration
from strangler.cli.outbox_text import as_document, print_report
from strangler.cli.render import add_format_argument, console, write_json
from strangler.outbox.operating import Selection, find_parked, find_published, find_waiting
from strangler.outbox.report import make_report
from strangler.outbox.shelves import park_waiting, send_again

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "what waits, is parked or was published; replay it, or park it"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("action", choices=["status", "replay", "park"], help="what to do")
    parser.add_argument("--database", default="default", help="alias of the outbox's database (default)")
    parser.add_argument("--queue", default="", help="only messages of this queue")
    parser.add_argument("--type", default="", help="only messages of this type")
    parser.add_argument(
        "--id", type=parse_id, action="append", default=[], help="only this message; may be repeated"
    )
    parser.add_argument(
        "--since",
        type=parse_duration,
        help="replay what was published in the last 90s, 30m, 2h or 1d, instead of what is parked",
    )
    parser.add_argument("--reason", default="parked by hand", help="park: why")
    parser.add_argument("--dry-run", action="store_true", help="say how many it would be and change nothing")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Report, or move messages."""
    if options["action"] != "status":
        return _move(options, stdout=stdout)
    report = make_report(options["database"])
    if options["format"] == "json":
        write_json(stdout, as_document(report))
    else:
        print_report(report, out=console(stdout))
    return 0


def _move(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    chosen = Selection(
        alias=options["database"], queue=options["queue"], of_type=options["type"], ids=tuple(options["id"])
    )
    if options["action"] == "park":
        waiting = find_waiting(chosen)
        count = waiting.count() if options["dry_run"] else park_waiting(waiting, reason=options["reason"])
        done = "parked"
    else:
        rows = find_published(chosen, since=options["since"]) if options["since"] else find_parked(chosen)
        count = rows.count() if options["dry_run"] else send_again(rows)
        done = "sent again"
    if options["format"] == "json":
        write_json(stdout, {"messages": count, "done": not options["dry_run"]})
    else:
        would = "would be " if options["dry_run"] else ""
        stdout.write(f"{count:,} messages {would}{done}.")
    return 0


def parse_id(text: str) -> UUID:
    """Return the id that *text* says; raises ArgumentTypeError for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not the id of a message") from None
