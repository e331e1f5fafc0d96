"""Show how often both sides did the same, and what differs, by cause; replay one capture against both of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.cli.compare_document import as_document
from strangler.cli.compare_files import write_files
from strangler.cli.compare_text import print_report
from strangler.cli.duration import parse_duration
from strangler.cli.inspection_text import say_inspection
from strangler.cli.outbox import parse_id
from strangler.cli.render import add_format_argument, console, write_json
from strangler.shadow.inspecting import inspect
from strangler.shadow.report import make_report

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

HELP = "how often both sides did the same, and what differs"
SINCE = timedelta(days=7)


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument(
        "seam", nargs="?", default="", help="name of the seam; all that were compared by default"
    )
    parser.add_argument(
        "--since", type=parse_duration, default=SINCE, help="what was compared in the last 30m, 2h or 1d (7d)"
    )
    parser.add_argument("--limit", type=int, default=20, help="most causes of each seam (20)")
    parser.add_argument(
        "--output", type=Path, help="write a file for each cause into this folder, with both bodies"
    )
    parser.add_argument(
        "--replay", type=parse_id, metavar="ID", help="replay this capture against both sides now"
    )
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Report, or replay; exit 1 if a replay finds a difference or no observation."""
    is_json = options["format"] == "json"
    if options["replay"]:
        return say_inspection(inspect(options["replay"]), stdout=stdout, is_json=is_json)
    report = make_report(since=timezone.now() - options["since"], seam=options["seam"])
    if options["output"]:
        count = write_files(report, folder=options["output"])
        stdout.write(f"{count:,} causes written to {options['output']}.")
    elif is_json:
        write_json(stdout, as_document(report))
    else:
        print_report(report, since=options["since"], limit=options["limit"], out=console(stdout))
    return 0
