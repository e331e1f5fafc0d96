"""Have the broker deliver a task's message again after a while."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from celery.exceptions import Reject, Retry
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 60


def put_off(task: Task[Any, Any], error: Exception) -> Exception:
    """Have the message that *task* is working on come again after a pause that doubles; return what tells Celery so, to be raised.

    However often it came before. `Task.retry` would give up after the task's own `max_retries`, three by default, and
    would reject the message for good where the broker is away.
    """
    request = task.request
    if request.called_directly:
        return error
    longest = min(FIRST_PAUSE_SECONDS * 2 ** min(request.retries, 10), LONGEST_PAUSE_SECONDS)
    pause = longest * random.uniform(0.5, 1)  # noqa: S311 - so that a thousand messages do not return at once
    logger.warning("Message %s of type %s comes again in %.1f s: %r", request.id, task.name, pause, error)
    signature = task.signature_from_request(request, countdown=pause, retries=request.retries + 1)
    if not request.is_eager:  # else Celery applies it here
        try:
            signature.apply_async()
        except OperationalError as broker_error:
            # The broker can't take it back in an orderly way: it stays unacknowledged, and comes again by itself.
            return Reject(broker_error, requeue=True)
    return Retry(exc=error, when=pause, is_eager=request.is_eager, sig=signature)
