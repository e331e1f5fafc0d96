"""Show where every seam stands, what each side did lately, and which processes know."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.calls.flight import Flight, read_flights
from strangler.cli.render import add_format_argument, console, write_json
from strangler.cli.status_evidence import document_of
from strangler.cli.status_text import print_report
from strangler.conf import config
from strangler.rollout.report import StatusReport, make_report
from strangler.shadow import losses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser, OutputWrapper

    Lost = Mapping[str, Mapping[str, int]]

HELP = "where every seam stands and what each side did lately"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--minutes", type=int, default=10, help="count the work of the last MINUTES (10)")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print the report."""
    report = make_report(window=timedelta(minutes=options["minutes"]))
    lost = losses.totals(since=timezone.now() - report.window)
    flights = read_flights(config().topology.calls)
    if options["format"] == "json":
        write_json(stdout, _as_document(report, flights, lost))
    else:
        print_report(report, flights, lost, out=console(stdout))
    return 0


def _as_document(report: StatusReport, flights: Mapping[str, Flight], lost: Lost) -> dict[str, Any]:
    fields = ("legacy", "service", "fallbacks", "failures")
    seams = {
        each.seam.name: {
            "kind": each.seam.kind,
            "stage": each.rollout.stage if each.seam.has_legacy else "service-only",
            "percent": float(each.rollout.percent),
            **{name: getattr(each, name) for name in fields},
            **document_of(each),
            "lost_captures": dict(lost.get(each.seam.name, {})),
            **({"in_flight": asdict(flights[each.seam.name])} if each.seam.name in flights else {}),
        }
        for each in report.seams
    }
    return {"revision": report.revision, "seams": seams, "processes": report.processes}
