"""Forget messages that nobody will send again."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import Error as DatabaseError

from strangler.conf import config
from strangler.outbox.clock import read_now
from strangler.service.models import InboxMessage, InboxState

logger = logging.getLogger(__name__)

CHUNK = 1_000


SWEEP_EVERY = timedelta(minutes=10)
_swept_at: dict[str, float] = {}


def forget_now_and_then(using: str) -> None:
    """Call `forget` if this process has not done so for ten minutes; what fails is left to the next time."""
    now = time.monotonic()
    if now - _swept_at.setdefault(using, now) < SWEEP_EVERY.total_seconds():
        return
    _swept_at[using] = now
    try:
        forget(using=using)
    except DatabaseError as error:
        logger.warning("Old messages are still remembered, the database failed: %s", error)


def forget(*, older_than: timedelta | None = None, using: str = "default") -> int:
    """Delete what was done or handed on longer ago than *older_than* (`INBOX_RETENTION`), in chunks; parked messages stay.

    Keep it longer than the outbox's retention and the longest outage: a repeat that comes later is done again.
    Returns: how many were deleted.
    """
    limit = read_now(using) - (config().inbox_retention if older_than is None else older_than)
    settled = (InboxState.DONE, InboxState.HANDED)
    done = InboxMessage.objects.using(using).filter(state__in=settled, received_at__lt=limit)
    total = 0
    while ids := list(done.order_by("received_at").values_list("pk", flat=True)[:CHUNK]):
        InboxMessage.objects.using(using).filter(pk__in=ids).delete()
        total += len(ids)
    return total
