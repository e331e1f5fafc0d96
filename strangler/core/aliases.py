"""Older names of tasks: who answers to a new name goes on answering to the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping


def answer_to(tasks: MutableMapping[str, Any], names: Iterable[str], *, task: str) -> None:
    """Let *task* answer to *names* too, unless another task has such a name; repeating it changes nothing.

    Args:
        tasks: the registry of a Celery app, `app.tasks`.
        names: other names of the task.
        task: its own name; a name that is not in the registry is left alone.
    """
    if task not in tasks:
        return
    for name in names:
        tasks.setdefault(name, tasks[task])
    # Celery prepares a task once for each of its names, and the last one stays in its logs.
    tasks[task] = tasks.pop(task)
