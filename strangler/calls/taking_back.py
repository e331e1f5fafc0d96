"""What the monolith's workers do with the message of a function that came back; see `returning`.

Imported where the inbox's table is, and not before there are models.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.exceptions import Ignore, Reject, Retry
from django.db import router

from strangler.calls.queues import service_queue
from strangler.calls.returning import functions
from strangler.core.carried import DECISION
from strangler.core.decision import Decision, Reason, Side
from strangler.core.messages import HEADER_PREFIX
from strangler.core.origin import plain, read_decision
from strangler.errors import FenceRaised, MessageError
from strangler.isolation import meeting, snapshot
from strangler.service.handing import publish_again
from strangler.service.inbox.processing import Verdict, WayOn, process
from strangler.service.inbox.tasks import delivery_of
from strangler.service.models import InboxMessage
from strangler.service.putting_off import put_off

if TYPE_CHECKING:
    from celery import Task

    from strangler.calls.declarations import Declaration
    from strangler.core.seams import Call
    from strangler.service.inbox import Delivery

_DECISION = HEADER_PREFIX + DECISION
_POSTPONING = (Retry, Ignore, Reject)


def take_back(self: Task[Any, Any], body: Any = None, version: Any = 1, **_unknown: Any) -> str:
    """Do the function that the message at hand was made of, once, or hand it on to the service that owns the tables by now."""
    delivery = delivery_of(self, body, version)
    try:
        verdict = _work(self, delivery)
    except _POSTPONING:
        raise
    except Exception as error:  # whatever it is, the message must come again
        raise put_off(self, error) from error
    if verdict is Verdict.HANDED:
        raise Ignore("handed to the service")
    return verdict.value


take_back.strangler_again = True  # type: ignore[attr-defined]  # it begins anew by itself


def _work(task: Task[Any, Any], delivery: Delivery) -> Verdict:
    found = _find(delivery)
    using = router.db_for_write(InboxMessage)
    if found is None:
        return process(delivery, _refuse_unknown, versions=(delivery.version,), using=using)
    declaration, call = found
    way_on = WayOn(publish=partial(_hand_on, task, call), is_owner=partial(_is_owner, call.service))
    options: dict[str, Any] = {"versions": (declaration.version,), "postponing": _POSTPONING, "using": using}
    patience = meeting.Patience()
    while True:
        try:
            return process(delivery, partial(_do, declaration, call), way_on=way_on, **options)
        except FenceRaised as met:
            if met.has_committed or patience.is_over:
                raise
        time.sleep(patience.rest())


def _do(declaration: Declaration, call: Call, delivery: Delivery) -> None:
    """Call the function, unless the service owns the tables: its effects have to be in one database with the inbox.

    Raises:
        FenceRaised: also where only the end shows that the tables had another owner.
    """
    arguments: Any = declaration.arguments  # `can_return` has looked
    args, kwargs = arguments(delivery.body)
    with meeting.attempting() as attempt:
        if snapshot.current().holder_of(call.service) == call.service:
            raise FenceRaised(call.service, table="of the move")
        try:
            declaration.target(*args, **kwargs)
        except FenceRaised as met:
            met.has_committed = attempt.has_committed
            raise
        attempt.look_behind()
    if attempt.met is not None and not attempt.has_committed:
        raise attempt.met


def _find(delivery: Delivery) -> tuple[Declaration, Call] | None:
    """Return the function of *delivery*: that of the seam in its decision, else the only one whose task it is."""
    decision = read_decision(plain(delivery.headers.get(_DECISION)))
    pairs = [(each, call) for each, call in functions() if call.task == delivery.type]
    if decision is not None:
        pairs = [(each, call) for each, call in pairs if each.name == decision.seam]
    return pairs[0] if len(pairs) == 1 else None


def _refuse_unknown(delivery: Delivery) -> None:
    raise MessageError("no @seam here is a function that could do it", type=delivery.type)


def _is_owner(service: str, met: FenceRaised) -> bool:
    """Whether *service* owns the tables by now; brings this process up to date first."""
    meeting.settle(met)
    return snapshot.latest().holder_of(service) == service


def _hand_on(task: Task[Any, Any], call: Call) -> None:
    decision = Decision(seam=call.name, side=Side.SERVICE, reason=Reason.MOVED)
    request, queue = task.request, service_queue(call.queue)
    headers = {_DECISION: str(decision)}
    publish_again(task, args=request.args or (), kwargs=request.kwargs or {}, queue=queue, headers=headers)
