"""`receive`: a function as the body of a Celery task that may be delivered any number of times."""

from __future__ import annotations

import logging
import random
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from celery.exceptions import Ignore, Reject, Retry
from kombu.exceptions import OperationalError

from strangler.service.inbox.delivery import Delivery
from strangler.service.inbox.processing import process
from strangler.service.inbox.retention import forget_now_and_then

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 60
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
    `INBOX_MAX_DELIVERIES` times, and then parked. `Retry`, `Ignore` and `Reject` pass as they are.

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
            delivery = _delivery(self, body, version)
            try:
                verdict = process(delivery, function, versions=known, postponing=_POSTPONING, using=using)
            except _POSTPONING:
                raise
            except Exception as error:  # whatever it is, the message must come again
                raise _try_later(self, delivery, error) from error
            forget_now_and_then(using)
            return verdict.value

        return body_of_task

    return decorate


def message_id(text: str) -> UUID:
    """Return *text* as the id of a message; an id of another form becomes always the same UUID."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(FOREIGN_IDS, text)


def _delivery(task: Any, body: Any, version: Any) -> Delivery:
    request = task.request
    return Delivery(
        id=message_id(str(request.id)),
        type=task.name,
        body=body,
        version=version,
        headers={name: value for name, value in vars(request).items() if name.startswith("strangler-")},
        queue=(request.delivery_info or {}).get("routing_key") or "",
    )


def _try_later(task: Any, delivery: Delivery, error: Exception) -> Exception:
    """Have the broker deliver the message again after a pause that doubles, and return what tells Celery so."""
    longest = min(FIRST_PAUSE_SECONDS * 2 ** min(task.request.retries, 10), LONGEST_PAUSE_SECONDS)
    pause = longest * random.uniform(0.5, 1)  # noqa: S311 - so that a thousand messages do not return at once
    logger.warning(
        "Message %s of type %s comes again in %.1f s: %r", delivery.id, delivery.type, pause, error
    )
    try:
        retry: Exception = task.retry(exc=error, countdown=pause, max_retries=None, throw=False)
    except OperationalError as broker_error:
        # The broker can't take it back in an orderly way: it stays unacknowledged, and comes again by itself.
        return Reject(broker_error, requeue=True)
    return retry
