"""Celery tasks that are compared: noted in the monolith's worker, where their effects happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import states

from strangler import observing, rollout
from strangler.calls.watched import CallWatch, plain_json
from strangler.core.decision import Side
from strangler.observing import Loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strangler.core.decision import Decision
    from strangler.core.seams import Call

_open: dict[str, CallWatch] = {}
_ENDS = frozenset({states.SUCCESS, states.FAILURE})


def begin(
    task_id: str,
    *,
    call: Call | None,
    decision: Decision | None,
    args: Sequence[Any] | None,
    kwargs: Mapping[str, Any] | None,
) -> None:
    """Watch a task that begins, if it is one of those that are compared; the arguments are its message."""
    if call is None or (decision is not None and decision.side is Side.SERVICE):
        return
    if not observing.is_wanted(call, rollout.current().get(call.name)):
        return
    try:
        body = plain_json({"args": list(args or ()), "kwargs": dict(kwargs or {})})
    except (TypeError, ValueError):  # pickled arguments, say
        observing.lose(call.name, Loss.ERROR)
        return
    _open[task_id] = watch = CallWatch(call, body)
    watch.start()


def end(task_id: str, *, state: str | None, retval: object) -> None:
    """Hand over what was noted of a task that ended; one that will be tried again has not."""
    watch = _open.pop(task_id, None)
    if watch is None:
        return
    if state not in _ENDS:
        watch.abandon()
        return
    watch.finish(type(retval).__name__ if state == states.FAILURE else "")
