"""Work on a delivered message once.

- **Effects once.** The message's row becomes `done` in the transaction of the effects, first of all: so its lock is
  held while the work is done, a copy that comes at the same time waits for the outcome, and a repeat finds the row and
  does nothing. Effects outside of this database are not part of it; give them the message's id.
- **Nothing is lost.** Work that fails is undone, and its error goes to whoever delivers, to try again later.
- **Nothing loops for ever.** Work that begins is counted before it begins, in a transaction of its own, so that a
  message that kills its worker is counted as well. After `INBOX_MAX_DELIVERIES` failures it is parked with the last
  reason; so is, at once, what can't be read or has a version that is not known here.
- Copies that wait for one that is being worked on are not counted. See Note [Liveness].
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from strangler.conf import config
from strangler.core.origin import read_headers, within
from strangler.errors import MessageBusyError, MessageError
from strangler.outbox.clock import read_now
from strangler.service.inbox.delivery import find_fault
from strangler.service.inbox.locks import message_lock
from strangler.service.inbox.parking import park
from strangler.service.models import InboxMessage, InboxState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from django.db.models import QuerySet

    from strangler.service.inbox.delivery import Delivery


class Verdict(StrEnum):
    """What a delivery came to; whichever it is, the message may be acknowledged."""

    DONE = "done"
    REPEATED = "repeated"  # its effects were there already, or it is parked
    PARKED = "parked"


def process(
    delivery: Delivery,
    handler: Callable[[Delivery], object],
    *,
    versions: Collection[int] = (1,),
    postponing: tuple[type[BaseException], ...] = (),
    using: str = "default",
) -> Verdict:
    """Have *handler* work on *delivery* in a transaction, unless that has happened before.

    Args:
        versions: the shapes of body that the handler knows.
        postponing: errors by which the handler puts the work off on purpose; they are raised, and not counted.
        using: alias of the database of the effects.
    Raises:
        MessageBusyError: another worker has been at it for all of `INBOX_WAIT`; deliver it again later.
        Exception: the handler's own; everything it did is undone; deliver it again later. A `MessageError` is
            not raised: the message is wrong in itself, and parked at once.
    """
    if _is_settled(delivery, using):
        return Verdict.REPEATED
    if fault := find_fault(delivery, versions=versions):
        return Verdict.PARKED if park(delivery, reason=fault, using=using) else Verdict.REPEATED
    with message_lock(using, delivery.id, timeout=config().inbox_wait) as is_held:
        if not is_held:
            raise MessageBusyError(delivery.id)
        return _work(delivery, handler, postponing=postponing, using=using)


def _work(
    delivery: Delivery,
    handler: Callable[[Delivery], object],
    *,
    postponing: tuple[type[BaseException], ...],
    using: str,
) -> Verdict:
    row = _count(delivery, using)
    if row.state != InboxState.RECEIVED:
        return Verdict.REPEATED
    if row.deliveries > config().inbox_max_deliveries:
        last = row.reason or "the worker died each time"
        reason = f"{row.deliveries - 1} deliveries came to nothing: {last}"
        return Verdict.PARKED if park(delivery, reason=reason, using=using) else Verdict.REPEATED
    try:
        return _take_effect(delivery, handler, using)
    except MessageError as error:
        return Verdict.PARKED if park(delivery, reason=error.reason, using=using) else Verdict.REPEATED
    except postponing:
        _rows(using).filter(pk=delivery.id).update(deliveries=F("deliveries") - 1)
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        if row.deliveries < config().inbox_max_deliveries:
            _rows(using).filter(pk=delivery.id).update(reason=reason)
            raise
        park(delivery, reason=f"{row.deliveries} deliveries failed, the last with {reason}", using=using)
        return Verdict.PARKED


def _is_settled(delivery: Delivery, using: str) -> bool:
    return _rows(using).filter(pk=delivery.id).exclude(state=InboxState.RECEIVED).exists()


def _count(delivery: Delivery, using: str) -> InboxMessage:
    """Count the delivery before the work begins, in a transaction of its own, and return the row as it is now."""
    with transaction.atomic(using=using):
        values = {"type": delivery.type, "received_at": read_now(using)}
        _rows(using).get_or_create(message_id=delivery.id, defaults=values)
        waiting = _rows(using).filter(pk=delivery.id, state=InboxState.RECEIVED)
        waiting.update(deliveries=F("deliveries") + 1)
        return _rows(using).get(pk=delivery.id)


def _take_effect(delivery: Delivery, handler: Callable[[Delivery], object], using: str) -> Verdict:
    origin, facts = read_headers(delivery.headers)
    with within(origin, facts=facts), transaction.atomic(using=using):
        mine = _rows(using).filter(pk=delivery.id, state=InboxState.RECEIVED)
        if not mine.update(state=InboxState.DONE, settled_at=read_now(using), reason=""):
            return Verdict.REPEATED
        handler(delivery)
    return Verdict.DONE


def _rows(using: str) -> QuerySet[InboxMessage]:
    return InboxMessage.objects.using(using)
