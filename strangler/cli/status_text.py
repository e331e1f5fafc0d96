"""The status of all seams as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.cli.compare_text import list_causes
from strangler.cli.render import table
from strangler.cli.status_evidence import print_evidence
from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from strangler.calls.flight import Flight
    from strangler.core.seams import Call
    from strangler.rollout.models import RolloutEvent
    from strangler.rollout.report import SeamReport, StatusReport


def print_report(
    report: StatusReport,
    flights: Mapping[str, Flight],
    lost: Mapping[str, Mapping[str, int]],
    *,
    out: Console,
) -> None:
    """Print all seams, how many processes decide by the newest revision, the evidence, lost captures, the messages in flight.

    Args: lost: seam → cause → captures that were never made.
    """
    _print_seams(report, out=out)
    print_evidence(report, out=out)
    _print_losses(report, lost, out=out)
    if flights:
        _print_flights(report, flights, out=out)


def _print_seams(report: StatusReport, *, out: Console) -> None:
    if not report.seams:
        out.print("The topology has no seams: every request goes to the monolith.")
        return
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
            title=f"Seams, and requests and calls of the last {_minutes(report)} minutes",
        )
    )
    behind = [f"{name} (at {at})" for name, at in report.processes.items() if at < report.revision]
    followed = f"{len(report.processes) - len(behind)} of {len(report.processes)} processes have it"
    known = followed if report.processes else "no process has decided anything lately"
    out.print(f"\nRevision {report.revision}; {known}.", *(f"Behind: {name}" for name in behind), sep="\n")


def _print_losses(report: StatusReport, lost: Mapping[str, Mapping[str, int]], *, out: Console) -> None:
    causes = [(each.seam.name, lost[each.seam.name]) for each in report.seams if lost.get(each.seam.name)]
    if causes:
        out.print(f"\nCaptures lost in the last {_minutes(report)} minutes")
    for seam, counts in causes:
        out.print(f"{seam}: {list_causes(counts)}", markup=False)


def _minutes(report: StatusReport) -> int:
    return int(report.window.total_seconds() // 60)


def _print_flights(report: StatusReport, flights: Mapping[str, Flight], *, out: Console) -> None:
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
