"""The report of an outbox as tables and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.duration import format_duration
from strangler.cli.render import table

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.outbox.report import OutboxReport, QueueReport, RunningRelay


def print_report(report: OutboxReport, *, out: Console) -> None:
    """Print queues, relays and parked messages."""
    if report.queues:
        columns = ("queue", ">waiting", ">lag", ">delayed", ">parked", ">kept")
        out.print(table(columns, map(_queue_row, report.queues), title=f"Outbox of {report.database}"))
    else:
        out.print(f"The outbox of {report.database} is empty.")
    if report.relays:
        rows = map(_relay_row, report.relays)
        out.print(table(("\nrelay", "\nsince (UTC)", ">\nlanes", "\nstate"), rows))
    else:
        out.print("\nNo relay is running: nothing is published. Start one: manage.py strangler relay")
    if report.parked:
        parked = ((each.queue, each.type, str(each.count), each.reason) for each in report.parked)
        out.print(table(("\nparked in", "\ntype", ">\ncount", "\nreason"), parked))
        out.print("\nSend them again, when the reason is gone: manage.py strangler outbox replay")


def as_document(report: OutboxReport) -> dict[str, Any]:
    """Return the report as JSON values; durations in seconds."""
    return {
        "database": report.database,
        "lag_seconds": _seconds(report.lag),
        "queues": {
            each.queue: {
                "waiting": each.waiting,
                "delayed": each.delayed,
                "parked": each.parked,
                "kept": each.kept,
                "lag_seconds": _seconds(each.lag),
            }
            for each in report.queues
        },
        "relays": [
            {
                "process": each.process,
                "started_at": each.started_at,
                "lanes": each.lanes,
                "alive": each.is_alive,
                "trouble": each.trouble,
            }
            for each in report.relays
        ],
        "parked": [
            {
                "queue": each.queue,
                "type": each.type,
                "reason": each.reason,
                "count": each.count,
                "last_at": each.last_at,
            }
            for each in report.parked
        ],
    }


def _queue_row(each: QueueReport) -> tuple[str, ...]:
    counts = (each.delayed, each.parked, each.kept)
    return (each.queue, str(each.waiting), format_duration(each.lag), *map(str, counts))


def _relay_row(each: RunningRelay) -> tuple[str, ...]:
    state = each.trouble or ("publishing" if each.lanes else "standing by")
    if not each.is_alive:
        state = "its lease ran out"
    return (each.process, f"{each.started_at:%Y-%m-%d %H:%M:%S}", str(each.lanes), state)


def _seconds(duration: Any) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 3)
