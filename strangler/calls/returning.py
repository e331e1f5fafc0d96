"""Let functions that are seams be done by the monolith's workers when their messages come back from a service.

A call of a function became a message for the service's task. After a reverse that message can lie anywhere: in the outbox, in the
service's queue, with a worker that has just met the fence. So the monolith's workers answer to the task's name, too: they find
the function by the seam in the message's decision, and its arguments in the body. It is done once, by the inbox, whose
table comes with `strangler.service` in `INSTALLED_APPS`; without it, or without a way from the body to the arguments, nothing comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps

from strangler.calls.deciding import find_call
from strangler.calls.declarations import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery

    from strangler.calls.declarations import Declaration
    from strangler.core.seams import Call


def can_return(declaration: Declaration) -> bool:
    """Whether the monolith's workers can do what a message of the seam asks for."""
    if declaration.is_task:
        return True
    return declaration.arguments is not None and apps.is_installed("strangler.service")


def answer_to_calls(app: Celery) -> None:
    """Give *app* a task for each function that can come back; one of that name that it has already stays."""
    found = {call.task for _, call in functions()}
    if not found:
        return
    from strangler.calls.taking_back import take_back  # noqa: PLC0415 - has models

    make: Any = app.task
    options = {"acks_late": True, "reject_on_worker_lost": True, "ignore_result": True, "shared": False}
    for name in found - app.tasks.keys():
        make(name=name, bind=True, **options)(take_back)


def functions() -> Iterator[tuple[Declaration, Call]]:
    """Yield the functions that can come back, each with its call."""
    for declaration in declared():
        call = find_call(declaration.name)
        if call is not None and not declaration.is_task and can_return(declaration):
            yield declaration, call
