"""Read what waits, and settle what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections, transaction

from strangler.outbox import shelves
from strangler.outbox.clock import DatabaseNow, read_now
from strangler.outbox.models import LANES, RANKS, OutboxMessage
from strangler.outbox.wire import Row

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from django.db.models import QuerySet

    from strangler.outbox.tenure import Tenure

_FIELDS = ("id", "message_id", "type", "version", "body", "headers", "queue", "key", "rank")


def read_batch(alias: str, *, lanes: Collection[int], limit: int, without: Collection[str]) -> list[Row]:
    """Return up to *limit* available messages of *lanes*, HIGH before NORMAL before LOW, each oldest first.

    Nothing is locked: the lanes are ours. By rank, because only so an index has them in order, however many delayed
    messages there are.
    Args:
        without: queues that are left alone.
    """
    rows: list[Row] = []
    for rank in sorted(RANKS.values()):
        waiting = _of(alias, lanes=lanes, rank=rank).filter(available_at__lte=DatabaseNow())
        if without:
            waiting = waiting.exclude(queue__in=without)
        found = waiting.order_by("available_at", "id").values_list(*_FIELDS)[: limit - len(rows)]
        rows += map(Row._make, found)
        if len(rows) >= limit:
            break
    return rows


def until_next(alias: str, *, lanes: Collection[int]) -> timedelta | None:
    """Return how long it is until the next message becomes available; None if none waits, negative if it is late."""
    moments = [
        moment
        for rank in RANKS.values()
        for moment in _of(alias, lanes=lanes, rank=rank)
        .order_by("available_at", "id")
        .values_list("available_at", flat=True)[:1]
    ]
    return min(moments) - read_now(alias) if moments else None


def settle(
    alias: str,
    *,
    tenure: Tenure,
    token: int,
    confirmed: Collection[int],
    refused: Mapping[int, str],
    retention: timedelta,
) -> bool:
    """Delete the *confirmed* messages and park the *refused* ones, if the lanes are still ours.

    Args:
        token: the one under which they were published.
    Returns: False if another relay has taken over; then nothing was changed, and it does the work again.
    """
    if refused or retention:
        with transaction.atomic(using=alias):
            if not tenure.prove(token):
                return False
            shelves.park(alias, refused)
            if retention:
                shelves.keep_published(alias, confirmed)
            OutboxMessage.objects.using(alias).filter(pk__in=[*confirmed, *refused]).delete()
        return True
    return _delete(alias, confirmed, token=token) == len(confirmed) or tenure.prove(token)


def readdress(alias: str, rows: Collection[Row], *, tenure: Tenure, token: int) -> bool:
    """Write down where *rows* go by now, if the lanes are still ours; what is published is what the table says.

    Returns: False if another relay has taken over; then nothing was changed.
    """
    with transaction.atomic(using=alias):
        if not tenure.prove(token):
            return False
        for row in rows:
            waiting = OutboxMessage.objects.using(alias).filter(pk=row.pk)
            waiting.update(queue=row.queue, headers=row.headers)
    return True


def _delete(alias: str, pks: Collection[int], *, token: int) -> int:
    """Delete rows if *token* still counts; returns how many.

    One statement that commits by itself: a relay that is stopped at any moment holds no locks that others wait for.
    """
    marks = ",".join(["%s"] * len(pks))
    statement = (
        f"DELETE FROM strangler_outbox_outboxmessage WHERE id IN ({marks})"  # noqa: S608 - marks only
        " AND EXISTS (SELECT 1 FROM strangler_outbox_relayrecord WHERE id = %s)"
    )
    with connections[alias].cursor() as cursor:
        cursor.execute(statement, [*pks, token])
        return int(cursor.rowcount)


def _of(alias: str, *, lanes: Collection[int], rank: int) -> QuerySet[OutboxMessage]:
    waiting = OutboxMessage.objects.using(alias).filter(rank=rank)
    return waiting if len(lanes) == LANES else waiting.filter(lane__in=lanes)
