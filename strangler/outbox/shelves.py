"""Move messages between the three tables: waiting, parked, published."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import transaction

from strangler.outbox.clock import read_now
from strangler.outbox.models import Envelope, OutboxMessage, ParkedMessage, PublishedMessage
from strangler.outbox.wake import wake

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from django.db.models import QuerySet

_Shelf = TypeVar("_Shelf", bound=Envelope)
_ENVELOPE = (
    "message_id",
    "type",
    "version",
    "body",
    "headers",
    "queue",
    "key",
    "rank",
    "lane",
    "created_at",
)
CHUNK = 1_000


def park(alias: str, reasons: Mapping[int, str]) -> None:
    """Copy waiting messages to the parked ones, each with its reason; the caller deletes them."""
    if not reasons:
        return
    now = read_now(alias)
    rows = OutboxMessage.objects.using(alias).filter(pk__in=reasons)
    ParkedMessage.objects.using(alias).bulk_create(
        [_copy(row, ParkedMessage, reason=reasons[row.pk], parked_at=now) for row in rows]
    )


def keep_published(alias: str, confirmed: Collection[int]) -> None:
    """Copy waiting messages to the published ones; the caller deletes them."""
    now = read_now(alias)
    rows = OutboxMessage.objects.using(alias).filter(pk__in=confirmed).order_by("pk")
    PublishedMessage.objects.using(alias).bulk_create(
        [_copy(row, PublishedMessage, published_at=now) for row in rows], batch_size=CHUNK
    )


def forget_published(alias: str, *, older_than: timedelta) -> int:
    """Delete up to `CHUNK` published messages that are kept for longer than promised; returns how many."""
    due = PublishedMessage.objects.using(alias).filter(published_at__lt=read_now(alias) - older_than)
    ids = list(due.order_by("published_at").values_list("pk", flat=True)[:CHUNK])
    return PublishedMessage.objects.using(alias).filter(pk__in=ids).delete()[0]


def send_again(rows: QuerySet[_Shelf]) -> int:
    """Put parked or published messages back among the waiting ones, in their old order; returns how many.

    A receiver with an inbox does not notice what it has had already.
    """
    total = 0
    while taken := list(rows.order_by("pk")[:CHUNK]):
        _return_chunk(taken, rows)
        total += len(taken)
    wake(rows.db)
    return total


def park_waiting(rows: QuerySet[OutboxMessage], *, reason: str) -> int:
    """Park waiting messages by hand; returns how many. One that a relay is just publishing may be out already."""
    total = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic(using=rows.db):
            park(rows.db, dict.fromkeys(ids, reason))
            OutboxMessage.objects.using(rows.db).filter(pk__in=ids).delete()
        total += len(ids)
    return total


def _return_chunk(taken: list[_Shelf], rows: QuerySet[_Shelf]) -> None:
    with transaction.atomic(using=rows.db):
        ids = [row.pk for row in taken]
        # Locked and read again, so that two operators at once do not return a message twice.
        still = list(rows.model.objects.using(rows.db).select_for_update().filter(pk__in=ids).order_by("pk"))
        now = read_now(rows.db)
        OutboxMessage.objects.using(rows.db).bulk_create(
            [_copy(row, OutboxMessage, available_at=now) for row in still]
        )
        rows.model.objects.using(rows.db).filter(pk__in=[row.pk for row in still]).delete()


def _copy(row: Envelope, model: type[_Shelf], **more: object) -> _Shelf:
    return model(**{name: getattr(row, name) for name in _ENVELOPE}, **more)
