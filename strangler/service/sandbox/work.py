"""Tasks that are sent in a sandbox: recorded, and those that this process could work on itself are done at the end of the request.

So a service that answers 202 and works later can be compared with a monolith that works in the request.
"""

from __future__ import annotations

import inspect
import logging
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from celery import current_app, signature
from celery.exceptions import Ignore, Reject, Retry
from celery.utils.functional import maybe_list

from strangler.errors import MessageError, SandboxError
from strangler.service.inbox import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strangler.core.messages import JSON

logger = logging.getLogger(__name__)

MOST_TASKS = 50
"""Of one request; what is beyond is recorded and not done."""

_LATER = ("countdown", "eta", "retries")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    task: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid4()))
    next: tuple[Any, ...] = ()  # what gets its result: the rest of its chain, the last one first
    links: tuple[Any, ...] = ()


class Work:
    """The tasks of one sandbox that are to be done in it, in the order of sending."""

    def __init__(self) -> None:
        self._waiting: deque[_Sent] = deque()
        self._done = 0

    def take(
        self, app: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        """Keep a task, to be done soon if it is to be done at once and by this service; returns its result to come."""
        id_ = str(options.get("task_id") or uuid4())
        load_tasks(app)
        is_now = not any(options.get(word) for word in _LATER)
        if is_now and name in app.tasks:
            sent = _Sent(
                task=app.tasks[name],
                args=tuple(args),
                kwargs=dict(kwargs),
                id=id_,
                next=tuple(options.get("chain") or ()),
                links=tuple(maybe_list(options.get("link")) or ()),
            )
            self._waiting.append(sent)
        return app.AsyncResult(id_)

    def do_next(self) -> bool:
        """Do the next task; returns False when there is none, or when there were enough."""
        if not self._waiting or self._done >= MOST_TASKS:
            return False
        self._done += 1
        _run(self._waiting.popleft())
        return True


def run_call(name: str, body: JSON, *, version: int, id_: str) -> str:
    """Run the task *name* as its message would; returns the type of the exception that ended it, or nothing.

    Raises: SandboxError: this service has no such task.
    """
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - behind the proxy
    load_tasks(app)
    if name not in app.tasks:
        raise SandboxError(f"there is no task {name!r} here; see `strangler signatures`")
    task = app.tasks[name]
    if _takes_message(task):
        return _run(_Sent(task=task, args=(), kwargs={"body": body, "version": version}, id=id_))
    arguments = body if isinstance(body, dict) else {}
    args, kwargs = tuple(arguments.get("args", ())), dict(arguments.get("kwargs", {}))
    return _run(_Sent(task=task, args=args, kwargs=kwargs, id=id_))


@cache
def load_tasks(app: Any) -> None:
    """Have *app* know its tasks, as its workers do, once; a web process may never have needed them."""
    app.loader.import_default_modules()
    app.finalize()


def _takes_message(task: Any) -> bool:
    """Whether the relay calls it, by `body` and `version`."""
    run = getattr(task, "_orig_run", task.run)
    return {"body", "version"} <= set(inspect.signature(run, follow_wrapped=False).parameters)


def _run(sent: _Sent) -> str:
    task = sent.task
    request = {
        "id": sent.id,
        "args": sent.args,
        "kwargs": sent.kwargs,
        "retries": 0,
        "called_directly": False,
    }
    task.push_request(**request, delivery_info={"routing_key": ""}, is_eager=False)
    try:
        result = task.run(*sent.args, **sent.kwargs)
        if result == Verdict.PARKED:  # the inbox keeps the reason, and nobody would see it here
            return MessageError.__name__
        _hand_on(sent, result)
    except (Retry, Ignore, Reject) as outcome:
        return type(outcome).__name__
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the task does
        logger.info("Task %s failed in the sandbox: %r", task.name, error)
        return type(error).__name__
    finally:
        task.pop_request()
    return ""


def _hand_on(sent: _Sent, result: Any) -> None:
    """Send what follows a task that went well, as its worker would."""
    for link in sent.links:
        signature(link, app=sent.task.app).apply_async((result,))
    if sent.next:
        *rest, first = sent.next
        signature(first, app=sent.task.app).apply_async((result,), chain=rest)
