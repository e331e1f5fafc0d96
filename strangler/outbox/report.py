"""What an operator wants to know of an outbox at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from django.db import router
from django.db.models import Count, Max, Min, Q

from strangler.outbox.clock import DatabaseNow, read_now
from strangler.outbox.models import Lane, OutboxMessage, ParkedMessage, PublishedMessage, RelayRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReport:
    """One queue: how many messages wait, are delayed, parked or kept, and how long the oldest available one waits."""

    queue: str
    waiting: int = 0
    delayed: int = 0
    parked: int = 0
    kept: int = 0
    lag: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRelay:
    """One relay: its process, since when, how many lanes it has, and what keeps it from publishing."""

    process: str
    started_at: datetime
    lanes: int
    is_alive: bool
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedReport:
    """Messages of one type that are parked for the same reason."""

    queue: str
    type: str
    reason: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxReport:
    """Everything about the outbox of one database; *lag* is the longest of all queues."""

    database: str
    queues: tuple[QueueReport, ...]
    relays: tuple[RunningRelay, ...]
    parked: tuple[ParkedReport, ...]

    @property
    def lag(self) -> timedelta | None:
        """How long the oldest available message has been waiting."""
        return max((queue.lag for queue in self.queues if queue.lag is not None), default=None)


def make_report(alias: str) -> OutboxReport:
    """Read the state of the outbox in database *alias*."""
    return OutboxReport(database=alias, queues=_queues(alias), relays=_relays(alias), parked=_parked(alias))


def count_waiting(*, types: tuple[str, ...] = (), using: str | None = None) -> Mapping[str, int]:
    """Return how many messages no broker has yet: type → count; parked ones are not among them.

    Args:
        types: only these; all of them if empty.
        using: alias of the database; the one that the routers name by default.
    """
    rows = OutboxMessage.objects.using(using or router.db_for_read(OutboxMessage))
    chosen = rows.filter(type__in=types) if types else rows
    return dict(chosen.values_list("type").annotate(count=Count("pk")))


def _queues(alias: str) -> tuple[QueueReport, ...]:
    now = read_now(alias)
    found: dict[str, dict[str, Any]] = {}
    counts = {
        "waiting": Count("pk", filter=Q(available_at__lte=DatabaseNow())),
        "delayed": Count("pk", filter=Q(available_at__gt=DatabaseNow())),
    }
    rows = OutboxMessage.objects.using(alias).values_list("queue").order_by("queue")
    for queue, waiting, delayed, oldest in rows.annotate(**counts, oldest=Min("available_at")):
        lag = now - _aware(oldest) if waiting else None
        found[queue] = {"waiting": waiting, "delayed": delayed, "lag": lag}
    for name, kept in (("parked", ParkedMessage.objects), ("kept", PublishedMessage.objects)):
        for queue, count in kept.using(alias).values_list("queue").annotate(Count("pk")).order_by("queue"):
            found.setdefault(queue, {})[name] = count
    return tuple(QueueReport(queue=queue, **found[queue]) for queue in sorted(found))


def _relays(alias: str) -> tuple[RunningRelay, ...]:
    now = read_now(alias)
    lanes = dict(
        Lane.objects.using(alias).filter(owner__isnull=False).values_list("owner").annotate(count=Count("pk"))
    )
    return tuple(
        RunningRelay(
            process=record.process,
            started_at=record.started_at,
            lanes=lanes.get(record.pk, 0),
            is_alive=_aware(record.leased_until) >= now,
            trouble=record.trouble,
        )
        for record in RelayRecord.objects.using(alias).order_by("pk")
    )


def _parked(alias: str) -> tuple[ParkedReport, ...]:
    rows = ParkedMessage.objects.using(alias).values("queue", "type", "reason").order_by("queue", "type")
    return tuple(ParkedReport(**row) for row in rows.annotate(count=Count("pk"), last_at=Max("parked_at")))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
