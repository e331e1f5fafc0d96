"""Choose the messages that an operator means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from strangler.outbox.clock import read_now
from strangler.outbox.models import Envelope, OutboxMessage, ParkedMessage, PublishedMessage

if TYPE_CHECKING:
    from datetime import timedelta
    from uuid import UUID

    from django.db.models import QuerySet

_Shelf = TypeVar("_Shelf", bound=Envelope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Messages of one database; what is empty does not restrict."""

    alias: str
    queue: str = ""
    of_type: str = ""
    ids: tuple[UUID, ...] = ()

    def of(self, model: type[_Shelf]) -> QuerySet[_Shelf]:
        """Return the chosen rows of a table."""
        rows = model.objects.using(self.alias)
        if self.queue:
            rows = rows.filter(queue=self.queue)
        if self.of_type:
            rows = rows.filter(type=self.of_type)
        return rows.filter(message_id__in=self.ids) if self.ids else rows.all()


def find_waiting(chosen: Selection) -> QuerySet[OutboxMessage]:
    """Return the chosen messages that no broker has yet."""
    return chosen.of(OutboxMessage)


def find_parked(chosen: Selection) -> QuerySet[ParkedMessage]:
    """Return the chosen messages that are parked."""
    return chosen.of(ParkedMessage)


def find_published(chosen: Selection, *, since: timedelta) -> QuerySet[PublishedMessage]:
    """Return the chosen messages that were published not longer ago than *since*, as far as they are kept."""
    return chosen.of(PublishedMessage).filter(published_at__gte=read_now(chosen.alias) - since)
