"""Show where every seam stands, what each side did lately, and which processes know."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.calls.flight import Flight, read_flights
from strangler.cli.render import add_format_argument, console, table, write_json
from strangler.conf import config
from strangler.rollout.report import SeamReport, StatusReport, make_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.core.seams import Call
    from strangler.rollout.models import RolloutEvent

HELP = "where every seam stands and what each side did lately"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--minutes", type=int, default=10, help="count the work of the last MINUTES (10)")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print the report."""
    report = make_report(window=timedelta(minutes=options["minutes"]))
    flights = read_flights(config().topology.calls)
    if options["format"] == "json":
        write_json(stdout, _as_document(report, flights))
    else:
        _print(report, stdout=stdout)
        _print_flights(report, flights, stdout=stdout)
    return 0


def _print(report: StatusReport, *, stdout: OutputWrapper) -> None:
    out = console(stdout)
    if not report.seams:
        out.print("The topology has no seams: every request goes to the monolith.")
        return
    minutes = int(report.window.total_seconds() // 60)
    columns = (
        "seam",
        "kind",
        "stage",
        "where",
        "service",
        ">legacy",
        ">service",
        ">fallbacks",
        ">failed",
        "changed (UTC)",
    )
    out.print(
        table(
            columns,
            map(_row, report.seams),
            title=f"Seams, and requests and calls of the last {minutes} minutes",
        )
    )
    behind = [f"{name} (at {at})" for name, at in report.processes.items() if at < report.revision]
    known = f"{len(report.processes) - len(behind)} of {len(report.processes)} processes have it"
    out.print(f"\nRevision {report.revision}; {known}.", *(f"Behind: {name}" for name in behind), sep="\n")


def _print_flights(report: StatusReport, flights: Mapping[str, Flight], *, stdout: OutputWrapper) -> None:
    if not flights:
        return
    columns = (
        "call",
        "service's queue",
        ">outbox + queue",
        "legacy's queue",
        ">waiting",
        "older names until",
    )
    calls = config().topology.calls
    changed = {each.seam.name: each.changed for each in report.seams}
    rows = [_flight_row(call, flights[call.name], changed[call.name]) for call in calls]
    out = console(stdout)
    out.print()
    out.print(table(columns, rows, title="Messages in flight"))


def _flight_row(call: Call, flight: Flight, changed: RolloutEvent | None) -> tuple[str, ...]:
    legacy = flight.legacy_queue or "in the process"
    until = f"{changed.changed_at + call.drain:%Y-%m-%d %H:%M} UTC" if changed and call.aliases else ""
    return (call.name, call.queue, flight.to_service, legacy, flight.to_legacy, until)


def _row(report: SeamReport) -> tuple[str, ...]:
    seam = report.seam
    stage = str(report.rollout) if seam.has_legacy else "service only"
    changed = _moment(report.changed) if report.changed else "never"
    counts = map(str, (report.legacy, report.service, report.fallbacks, report.failures))
    where = (seam.name, seam.kind, stage, seam.place, seam.service)
    return (*where, *counts, changed if seam.has_legacy else "")


def _moment(event: RolloutEvent) -> str:
    is_today = event.changed_at.date() == timezone.now().date()
    return (
        f"{event.changed_at:%H:%M:%S} by {event.actor}"
        if is_today
        else f"{event.changed_at:%Y-%m-%d} by {event.actor}"
    )


def _as_document(report: StatusReport, flights: Mapping[str, Flight]) -> dict[str, Any]:
    fields = ("legacy", "service", "fallbacks", "failures")
    seams = {
        each.seam.name: {
            "kind": each.seam.kind,
            "stage": each.rollout.stage if each.seam.has_legacy else "service-only",
            "percent": float(each.rollout.percent),
            **{name: getattr(each, name) for name in fields},
            **({"in_flight": asdict(flights[each.seam.name])} if each.seam.name in flights else {}),
        }
        for each in report.seams
    }
    return {"revision": report.revision, "seams": seams, "processes": report.processes}
