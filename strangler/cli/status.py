"""Show where every seam stands, what each side did lately, and which processes know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler.cli.render import add_format_argument, console, table, write_json
from strangler.rollout.report import SeamReport, StatusReport, make_report

if TYPE_CHECKING:
    from django.core.management.base import CommandParser, OutputWrapper

    from strangler.rollout.models import RolloutEvent

HELP = "where every seam stands and what each side did lately"


def add_arguments(parser: CommandParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--minutes", type=int, default=10, help="count the work of the last MINUTES (10)")
    add_format_argument(parser)


def handle(options: dict[str, Any], *, stdout: OutputWrapper) -> int:
    """Print the report."""
    report = make_report(window=timedelta(minutes=options["minutes"]))
    if options["format"] == "json":
        write_json(stdout, _as_document(report))
    else:
        _print(report, stdout=stdout)
    return 0


def _print(report: StatusReport, *, stdout: OutputWrapper) -> None:
    out = console(stdout)
    if not report.seams:
        out.print("The topology has no seams: every request goes to the monolith.")
        return
    minutes = int(report.window.total_seconds() // 60)
    columns = (
        "seam",
        "stage",
        "route",
        "service",
        ">legacy",
        ">service",
        ">fallbacks",
        ">failed",
        "changed (UTC)",
    )
    out.print(
        table(columns, map(_row, report.seams), title=f"Seams, and requests of the last {minutes} minutes")
    )
    behind = [f"{name} (at {at})" for name, at in report.processes.items() if at < report.revision]
    known = f"{len(report.processes) - len(behind)} of {len(report.processes)} processes have it"
    out.print(f"\nRevision {report.revision}; {known}.", *(f"Behind: {name}" for name in behind), sep="\n")


def _row(seam: SeamReport) -> tuple[str, ...]:
    route = seam.route
    stage = str(seam.rollout) if route.has_legacy else "service only"
    changed = (
        f"{seam.changed.changed_at:%Y-%m-%d %H:%M:%S} UTC by {seam.changed.actor}"
        if seam.changed
        else "never"
    )
    path = f"{' '.join(sorted(route.methods - {'HEAD'}))} {route.path}"
    counts = (seam.legacy, seam.service, seam.fallbacks, seam.failures)
    return (route.name, stage, path, route.service, *map(str, counts), changed if route.has_legacy else "")


def _moment(event: RolloutEvent) -> str:
    is_today = event.changed_at.date() == timezone.now().date()
    return (
        f"{event.changed_at:%H:%M:%S} by {event.actor}"
        if is_today
        else f"{event.changed_at:%Y-%m-%d} by {event.actor}"
    )


def _as_document(report: StatusReport) -> dict[str, Any]:
    fields = ("legacy", "service", "fallbacks", "failures")
    seams = {
        seam.route.name: {
            "stage": seam.rollout.stage if seam.route.has_legacy else "service-only",
            "percent": float(seam.rollout.percent),
            **{name: getattr(seam, name) for name in fields},
        }
        for seam in report.seams
    }
    return {"revision": report.revision, "seams": seams, "processes": report.processes}
