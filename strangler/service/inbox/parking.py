"""Put messages aside that nobody here can work on, so that they end without being lost."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from strangler.outbox.clock import read_now
from strangler.service.models import InboxMessage, InboxState

if TYPE_CHECKING:
    from strangler.service.inbox.delivery import Delivery

logger = logging.getLogger(__name__)


def park(delivery: Delivery, *, reason: str, using: str) -> bool:
    """Keep *delivery* with the *reason*, for an operator; `strangler inbox replay` delivers it again.

    Returns: False if its effects are there already, so that there is nothing to park.
    """
    return park_text(delivery, delivery.body_text(), reason=reason, using=using)


def park_text(delivery: Delivery, text: str, *, reason: str, using: str) -> bool:
    """Do as `park` does with a body that could not be read: *text* is what came."""
    rows = InboxMessage.objects.using(using)
    now = read_now(using)
    first = {"type": delivery.type[:200], "received_at": now}
    rows.get_or_create(message_id=delivery.id, defaults=first)
    parked = rows.filter(pk=delivery.id).exclude(state=InboxState.DONE)
    is_new = bool(
        parked.update(
            state=InboxState.PARKED,
            reason=reason,
            settled_at=now,
            version=delivery.version
            if isinstance(delivery.version, int) and 0 < delivery.version < 1 << 31
            else 0,
            queue=delivery.queue[:200],
            body=text,
            headers=json.dumps(dict(delivery.headers), default=repr),
        )
    )
    if is_new:
        logger.error("Parked message %s of type %s: %s", delivery.id, delivery.type, reason)
    return is_new
