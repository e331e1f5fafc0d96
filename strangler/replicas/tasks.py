"""Celery tasks see what those who sent them wrote. Needs the extra `celery`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import signals

from strangler.conf import config
from strangler.core.messages import HEADER_PREFIX
from strangler.replicas.carrying import everything, read, write
from strangler.replicas.freshness import begin, current

if TYPE_CHECKING:
    from celery import Task

HEADER = f"{HEADER_PREFIX}position"
"""Of a message: what the task has to see. One that came without, such as beat's or the outbox's, sees all that was there when it began."""


def install() -> None:
    """Let every Celery app of the process carry positions along."""
    signals.before_task_publish.connect(_tell, dispatch_uid="strangler.replicas")
    signals.task_prerun.connect(_begin, dispatch_uid="strangler.replicas")


def _tell(*, headers: dict[str, Any], **_: Any) -> None:
    if config().replicas:
        work = current()
        work.settle()
        headers[HEADER] = write(work)


def _begin(*, task: Task[Any, Any], **_: Any) -> None:
    if not config().replicas or task.request.is_eager:
        return  # an eager task is still the same work
    text = (task.request.headers or {}).get(HEADER)
    begin(everything() if text is None else read(text))
