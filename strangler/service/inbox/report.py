"""What an operator wants to know of an inbox at one moment, and how parked messages come back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Max

from strangler import outbox
from strangler.core.handed import hops_of_replay, read_hops
from strangler.core.messages import HEADER_PREFIX
from strangler.errors import MessageError
from strangler.service.models import InboxMessage, InboxState

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

_OWN = ("key", "version", "hops")  # headers that are not the sender's


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxReport:
    """Messages of one type and state; *reason* only of parked ones and those that failed so far."""

    type: str
    state: str
    reason: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many parked messages were put into the outbox, and why others could not: id → reason."""

    sent: int
    refused: dict[UUID, str]


def make_report(alias: str) -> tuple[InboxReport, ...]:
    """Read the state of the inbox in database *alias*."""
    rows = InboxMessage.objects.using(alias).values_list("type", "state", "reason")
    counted = rows.annotate(Count("pk"), Max("received_at")).order_by("type", "state", "reason")
    return tuple(
        InboxReport(type=kind, state=state, reason=reason, count=count, last_at=last)
        for kind, state, reason, count, last in counted
    )


def find_parked(alias: str, *, of_type: str = "", ids: tuple[UUID, ...] = ()) -> QuerySet[InboxMessage]:
    """Return the chosen parked messages."""
    rows = InboxMessage.objects.using(alias).filter(state=InboxState.PARKED)
    if of_type:
        rows = rows.filter(type=of_type)
    return rows.filter(pk__in=ids) if ids else rows


def replay(rows: QuerySet[InboxMessage]) -> Replayed:
    """Put parked messages into this database's outbox, each to the queue that it came from, with a fresh count."""
    sent, refused = 0, {}
    for pk in list(rows.order_by("received_at").values_list("pk", flat=True)):
        try:
            sent += _replay(pk, alias=rows.db)
        except (MessageError, ValueError) as error:
            refused[pk] = str(error)
    return Replayed(sent=sent, refused=refused)


def _replay(pk: UUID, *, alias: str) -> bool:
    with transaction.atomic(using=alias):
        rows = InboxMessage.objects.using(alias).filter(pk=pk, state=InboxState.PARKED)
        row = rows.select_for_update().first()
        if row is None:
            return False
        headers = {
            name.removeprefix(HEADER_PREFIX): value
            for name, value in json.loads(row.headers).items()
            if name.startswith(HEADER_PREFIX)
        }
        key = headers.get("key", "")
        own = {name: value for name, value in headers.items() if name not in _OWN}
        if hops := read_hops(json.loads(row.headers)):
            own["hops"] = str(hops_of_replay(hops))
        outbox.send(
            row.type,
            json.loads(row.body),
            to=row.queue,
            key=key,
            version=row.version,
            headers=own,
            using=alias,
            id=pk,
        )
        rows.update(state=InboxState.RECEIVED, deliveries=0, settled_at=None, body="", headers="")
    return True
