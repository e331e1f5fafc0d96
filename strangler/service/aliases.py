"""Let the tasks of a service answer to the names that they had in the monolith.

A message is published under the name that its sender knows. While senders of several versions run, and while
messages of yesterday wait, the service must know every one of these names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import signals

from strangler.conf import config
from strangler.core.aliases import answer_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from celery import Celery


_appliers: dict[str, Callable[[], None]] = {}


def install_aliases(app: Celery, names: Mapping[str, Iterable[str]] | None = None) -> None:
    """Let the tasks of *app* answer to older names, once its workers have loaded them.

    A name that *app* gave to a task of its own is left alone: so an older name can have a task that turns the old
    arguments into the new ones.

    Args:
        app: the service's Celery app.
        names: task → older names; by default those of the service's calls in the topology.
    """

    def apply(**_: Any) -> None:
        for task, older in (names if names is not None else _names()).items():
            answer_to(app.tasks, older, task=task)

    place = f"strangler.aliases.{app.main}"
    _appliers[place] = apply
    signals.celeryd_after_setup.connect(apply, weak=False, dispatch_uid=place)
    signals.worker_process_init.connect(apply, weak=False, dispatch_uid=place)


def apply_aliases() -> None:
    """Apply now what `install_aliases` has prepared, for whoever is no worker and has loaded the tasks itself."""
    for apply in _appliers.values():
        apply()


def _names() -> Mapping[str, Iterable[str]]:
    """Return what the topology says; calls that share a task share its older names."""
    found: dict[str, list[str]] = {}
    for call in config().topology.calls:
        if call.service == config().service:
            found.setdefault(call.task, []).extend(call.aliases)
    return found
