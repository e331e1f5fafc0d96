"""Keep the users of both sides in step, where login is extracted."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from strangler.bridge.following import catch_up, follow
from strangler.bridge.report import make_report
from strangler.cli.render import add_format_argument, console, table, write_json

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "keep the users of both sides in step, where login is extracted"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument(
        "action",
        choices=["follow", "sync", "status"],
        help="follow until stopped; sync once, all users; or say what is out of step",
    )
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Follow, sync or report."""
    if options["action"] == "follow":
        stdout.write("Keeping the users of both sides in step")
        stdout.flush()
        follow()
        return 0
    if options["action"] == "sync":
        done = catch_up()
        if options["format"] == "json":
            write_json(stdout, asdict(done))
        else:
            stdout.write(f"{done.sent:,} users sent, {done.fetched:,} fetched, {done.refused:,} refused.")
        return 1 if done.refused else 0
    return _status(options, stdout=stdout)


def _status(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    report = make_report()
    if options["format"] == "json":
        write_json(stdout, asdict(report))
    else:
        stdout.write(
            f"{report.linked:,} users on both sides, {report.due:,} to be sent, {report.ended:,} logins to be ended."
        )
        if report.problems:
            console(stdout).print(
                table(("user", "problem"), sorted(report.problems.items()), title="Out of step")
            )
    return 1 if report.problems else 0
