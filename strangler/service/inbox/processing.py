"""Work on a delivered message once.

- **Effects once.** The message's row becomes `done` in the transaction of the effects, first of all: so its lock is
  held while the work is done, a copy that comes at the same time waits for the outcome, and a repeat finds the row and
  does nothing. Effects outside of this database are not part of it; give them the message's id.
- **Nothing is lost.** Work that fails is undone, and its error goes to whoever delivers, to try again later.
- **Nothing loops for ever.** Work that begins is counted before it begins, in a transaction of its own, so that a
  message that kills its worker is counted as well. After `INBOX_MAX_DELIVERIES` failures it is parked with the last
  reason; so is, at once, what can't be read or has a version that is not known here.
- **One side at a time.** Work that meets the raised fence of a move is undone, and its message is handed to the other side,
  which owns the tables. See Note [One side at a time] in `strangler.core.handed`.
- Copies that wait for one that is being worked on are not counted. See Note [Liveness].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from strangler.conf import config
from strangler.core.handed import is_tired
from strangler.core.origin import read_headers, within
from strangler.errors import FenceRaised, HandedTooOftenError, MessageBusyError, MessageError
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
    HANDED = "handed"  # to the other side


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOn:
    """How a message goes to the other side.

    Args:
        publish: sends it there, one hop further.
        is_owner: whether that side owns the tables of a fence that was met; if not, the work is to be done again here.
    """

    publish: Callable[[], None]
    is_owner: Callable[[FenceRaised], bool] = lambda _met: True


def process(
    delivery: Delivery,
    handler: Callable[[Delivery], object],
    *,
    versions: Collection[int] = (1,),
    postponing: tuple[type[BaseException], ...] = (),
    using: str = "default",
    way_on: WayOn | None = None,
) -> Verdict:
    """Have *handler* work on *delivery* in a transaction, unless that has happened before.

    Args:
        versions: the shapes of body that the handler knows.
        postponing: errors by which the handler puts the work off on purpose; they are raised, and not counted.
        using: alias of the database of the effects.
        way_on: to the other side, for when the handler meets a raised fence; None where nobody else can do it.
    Raises:
        MessageBusyError: another worker has been at it for all of `INBOX_WAIT`; deliver it again later.
        Exception: the handler's own; everything it did is undone; deliver it again later. A `MessageError` is
            not raised: the message is wrong in itself, and parked at once.
        FenceRaised: of the handler, not counted, where *way_on* says that this side owns the tables after all.
    """
    if _is_settled(delivery, using):
        return Verdict.REPEATED
    if fault := find_fault(delivery, versions=versions):
        return _park(delivery, fault, using)
    with message_lock(using, delivery.id, timeout=config().inbox_wait) as is_held:
        if not is_held:
            raise MessageBusyError(delivery.id)
        return _work(delivery, handler, postponing=postponing, using=using, way_on=way_on)


def _work(
    delivery: Delivery,
    handler: Callable[[Delivery], object],
    *,
    postponing: tuple[type[BaseException], ...],
    using: str,
    way_on: WayOn | None,
) -> Verdict:
    row = _count(delivery, using)
    if row.state != InboxState.RECEIVED:
        return _repeat(row, way_on)
    if row.deliveries > config().inbox_max_deliveries:
        last = row.reason or "the worker died each time"
        return _park(delivery, f"{row.deliveries - 1} deliveries came to nothing: {last}", using)
    try:
        return _take_effect(delivery, handler, using)
    except MessageError as error:
        return _park(delivery, error.reason, using)
    except postponing:
        _rows(using).filter(pk=delivery.id).update(deliveries=F("deliveries") - 1)
        raise
    except Exception as error:
        if isinstance(error, FenceRaised) and way_on is not None and not error.has_committed:
            return _hand_on(delivery, error, using, way_on)
        reason = f"{type(error).__name__}: {error}"
        if row.deliveries < config().inbox_max_deliveries:
            _rows(using).filter(pk=delivery.id).update(reason=reason)
            raise
        return _park(delivery, f"{row.deliveries} deliveries failed, the last with {reason}", using)


def _park(delivery: Delivery, reason: str, using: str) -> Verdict:
    return Verdict.PARKED if park(delivery, reason=reason, using=using) else Verdict.REPEATED


def _repeat(row: InboxMessage, way_on: WayOn | None) -> Verdict:
    """Hand on again what was handed on: whoever did it may have died before it was published."""
    if row.state != InboxState.HANDED or way_on is None:
        return Verdict.REPEATED
    way_on.publish()
    return Verdict.HANDED


def _hand_on(delivery: Delivery, met: FenceRaised, using: str, way_on: WayOn) -> Verdict:
    """Let the other side do it, if it owns the tables. See Note [One side at a time]."""
    if not way_on.is_owner(met):
        _rows(using).filter(pk=delivery.id).update(deliveries=F("deliveries") - 1)
        raise met
    if is_tired(delivery.hops):
        error = HandedTooOftenError(met.move, task=delivery.type, hops=delivery.hops)
        return _park(delivery, str(error), using)
    values = {"state": InboxState.HANDED, "hops": delivery.hops, "settled_at": read_now(using)}
    _rows(using).filter(pk=delivery.id).update(**values, deliveries=0, reason="")
    way_on.publish()
    return Verdict.HANDED


def _is_settled(delivery: Delivery, using: str) -> bool:
    settled = (InboxState.DONE, InboxState.PARKED)
    return _rows(using).filter(pk=delivery.id, state__in=settled).exists()


def _count(delivery: Delivery, using: str) -> InboxMessage:
    """Count the delivery before the work begins, in a transaction of its own, and return the row as it is now."""
    with transaction.atomic(using=using):
        values = {"type": delivery.type, "received_at": read_now(using)}
        _rows(using).get_or_create(message_id=delivery.id, defaults=values)
        handed_back = _rows(using).filter(pk=delivery.id, state=InboxState.HANDED, hops__lt=delivery.hops)
        handed_back.update(state=InboxState.RECEIVED, settled_at=None)
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
