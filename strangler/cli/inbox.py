"""Look at the inbox of a service, and have parked messages delivered once more."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from strangler.cli.outbox import parse_id
from strangler.cli.render import add_format_argument, console, table, write_json
from strangler.service.inbox.report import find_parked, make_report, replay

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "what was received, is retried or parked; replay what is parked"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("action", choices=["status", "replay"], help="what to do")
    parser.add_argument("--database", default="default", help="alias of the inbox's database (default)")
    parser.add_argument("--type", default="", help="only messages of this type")
    parser.add_argument(
        "--id", type=parse_id, action="append", default=[], help="only this message; may be repeated"
    )
    parser.add_argument("--dry-run", action="store_true", help="say how many it would be and change nothing")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Report, or replay."""
    if options["action"] == "replay":
        return _replay(options, stdout=stdout)
    report = make_report(options["database"])
    if options["format"] == "json":
        write_json(stdout, [asdict(each) for each in report])
    else:
        rows = (
            (each.type, each.state, str(each.count), f"{each.last_at:%Y-%m-%d %H:%M:%S}", each.reason)
            for each in report
        )
        console(stdout).print(table(("type", "state", ">count", "last (UTC)", "reason"), rows, title="Inbox"))
    return 0


def _replay(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    rows = find_parked(options["database"], of_type=options["type"], ids=tuple(options["id"]))
    if options["dry_run"]:
        stdout.write(f"{rows.count():,} messages would be replayed.")
        return 0
    done = replay(rows)
    if options["format"] == "json":
        write_json(
            stdout, {"messages": done.sent, "refused": {str(pk): why for pk, why in done.refused.items()}}
        )
    else:
        stdout.write(f"{done.sent:,} messages replayed; they wait in the outbox.")
        for pk, reason in done.refused.items():
            stdout.write(f"{pk} stays parked: {reason}")
    return 1 if done.refused else 0
