"""Messages of Celery: `delay`, `apply_async`, `send_task` and every part of a canvas go through `Celery.send_task`."""

from __future__ import annotations

from functools import wraps
from typing import Any

from celery import Celery

from strangler.core.observation import MessageSent
from strangler.effects import at_hand
from strangler.effects.values import as_json


def install() -> None:
    """Watch every Celery app of the process."""
    original = Celery.send_task

    @wraps(original)
    def send_task(
        self: Celery, name: str, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
    ) -> Any:
        recorder, keeper = at_hand.recorder.get(), at_hand.keeper.get()
        if keeper is not None:
            result = keeper.send_task(self, name, args or (), kwargs or {}, options)
        else:
            result = original(self, name, args, kwargs, *rest, **options)
        if recorder is not None:
            recorder.message(_read(name, args, kwargs, options))
        return result

    Celery.send_task = send_task  # type: ignore[method-assign, assignment]


def _read(name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> MessageSent:
    queue = options.get("queue") or options.get("routing_key") or ""
    body = {"args": as_json(list(args or ())), "kwargs": as_json(dict(kwargs or {}))}
    return MessageSent(task=name, queue=str(getattr(queue, "name", queue)), body=body)
