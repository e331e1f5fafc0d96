"""`receive`: a function as the body of a Celery task that may be delivered any number of times."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from celery.exceptions import Ignore, Reject, Retry

from strangler.core.handed import find_home
from strangler.service import fence
from strangler.service.handing import go_home
from strangler.service.inbox.delivery import Delivery
from strangler.service.inbox.processing import Verdict, WayOn, process
from strangler.service.inbox.retention import forget_now_and_then
from strangler.service.putting_off import put_off

if TYPE_CHECKING:
    from collections.abc import Callable

FOREIGN_IDS = UUID("6f0b5b0e-6a0f-4a7e-9a53-3c0f5d9d3b1c")
"""Name space of the UUIDs that stand for ids of another form."""

_POSTPONING = (Retry, Ignore, Reject)


def receive(
    *, versions: int | tuple[int, ...] = 1, using: str = "default"
) -> Callable[[Callable[[Delivery], object]], Callable[..., str]]:
    """Turn a function of a `Delivery` into the body of a bound Celery task, so that it has its effect exactly once.

        @app.task(name="email.deliver", bind=True)
        @receive(versions=(1, 2))
        def deliver(message: Delivery) -> None: ...

    The function runs in a transaction of database *using*, together with the record that it has run; see
    `strangler.service.inbox.processing`. What fails is tried again after a pause of 1 to 60 seconds, at most
    `INBOX_MAX_DELIVERIES` times, and then parked. `Retry`, `Ignore` and `Reject` pass as they are. The task of a call that meets
    the raised fence of a move goes back to the monolith; see `strangler.service.handing`.

    The app needs `task_acks_late` and `task_reject_on_worker_lost`, else a killed worker takes its message with it.

    Args:
        versions: the shapes of body that the function knows; others are parked.
        using: alias of the database of the effects.
    Returns: a decorator; the task's result is the `Verdict`.
    """
    known = (versions,) if isinstance(versions, int) else versions

    def decorate(function: Callable[[Delivery], object]) -> Callable[..., str]:
        @wraps(function)
        def body_of_task(self: Any, body: Any = None, version: Any = 1, **_unknown: Any) -> str:
            delivery = delivery_of(self, body, version)
            try:
                work, way_on = _behind_fence(self, delivery, function, using=using)
                verdict = process(
                    delivery, work, versions=known, postponing=_POSTPONING, using=using, way_on=way_on
                )
            except _POSTPONING:
                raise
            except Exception as error:  # whatever it is, the message must come again
                raise put_off(self, error) from error
            forget_now_and_then(using)
            if verdict is Verdict.HANDED:
                raise Ignore("handed to the monolith")  # its result and what follows it come from there
            return verdict.value

        body_of_task.strangler_hands = True  # type: ignore[attr-defined]
        return body_of_task

    return decorate


def message_id(text: str) -> UUID:
    """Return *text* as the id of a message; an id of another form becomes always the same UUID."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(FOREIGN_IDS, text)


def _behind_fence(
    task: Any, delivery: Delivery, function: Callable[[Delivery], object], *, using: str
) -> tuple[Callable[[Delivery], object], WayOn | None]:
    """Return the work on *delivery*, and how it goes to the monolith if the tables are the monolith's; see `service.handing`."""
    call = fence.find_call(delivery.type)
    if call is None:
        return function, None
    fence.wait_for_lowering(using)
    way_on = None
    if find_home(delivery.headers, call):
        arguments = {"args": task.request.args, "kwargs": task.request.kwargs}
        way_on = WayOn(publish=partial(go_home, task, call, **arguments))
    return lambda message: fence.behind_fence(partial(function, message), using=using), way_on


def delivery_of(task: Any, body: Any, version: Any) -> Delivery:
    """Return the message that a Celery *task* is working on."""
    request = task.request
    return Delivery(
        id=message_id(str(request.id)),
        type=task.name,
        body=body,
        version=version,
        headers={name: value for name, value in vars(request).items() if name.startswith("strangler-")},
        queue=(request.delivery_info or {}).get("routing_key") or "",
    )
