"""Each process's immutable view of ownership, as of the rollouts: whoever asks reads one attribute.

A thread reads the rows once an interval; the last view serves while the database is away. A process that starts before
the table exists goes by the topology alone.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from django.core.signals import setting_changed
from django.db import Error as DatabaseError
from django.db import connections
from django.dispatch import receiver

from strangler.conf import config
from strangler.isolation.ownership import from_topology, load

if TYPE_CHECKING:
    from typing import Any

    from strangler.isolation.ownership import Owners

logger = logging.getLogger(__name__)
FIRST_LOAD_SECONDS = 2


class Follower:
    """The thread that keeps one process's view up to date."""

    def __init__(self) -> None:
        self.owners = from_topology()
        self._is_loaded = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="strangler-ownership", daemon=True)

    def start(self) -> None:
        """Begin, and wait a moment for the first view."""
        self._thread.start()
        self._is_loaded.wait(FIRST_LOAD_SECONDS)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(FIRST_LOAD_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._step()
            self._is_loaded.set()
            self._stop.wait(config().snapshot_interval.total_seconds())
        connections.close_all()

    def _step(self) -> None:
        connections[config().database].close_if_unusable_or_obsolete()
        try:
            self.owners = load()
        except DatabaseError as error:
            logger.debug("Ownership can't be read, the last view stays: %s", error)


_follower: Follower | None = None
_lock = threading.Lock()
_declared: Owners | None = None
_pinned: Owners | None = None


def current() -> Owners:
    """Return this process's view, at most one `SNAPSHOT_INTERVAL` old.

    With an interval of zero, as in tests, it is what the topology says and what `refresh` has read; nothing asks the
    database behind a test's back.
    """
    global _declared  # noqa: PLW0603 - one view per process is the point
    if _pinned is not None:
        return _pinned
    if _follower is not None:
        return _follower.owners
    if config().snapshot_interval and not config().service and config().service_databases:
        return _start().owners
    if _declared is None:
        _declared = from_topology()
    return _declared


def refresh() -> Owners:
    """Read the owners at once, for whoever just met a raised fence or made a switch."""
    global _declared  # noqa: PLW0603 - one view per process is the point
    _declared = load()
    if _follower is not None:
        _follower.owners = _declared
    return _declared


def pin(owners: Owners | None) -> None:
    """Let everybody see *owners*, whatever anything else says, until None is pinned; for tests."""
    global _pinned  # noqa: PLW0603 - one view per process is the point
    _pinned = owners


def forget() -> None:
    """End the thread and forget the view; the next `current()` begins anew."""
    global _follower, _declared
    with _lock:
        if _follower is not None:
            _follower.stop()
        _follower, _declared = None, None


def _start() -> Follower:
    global _follower  # noqa: PLW0603 - one view per process is the point
    with _lock:
        if _follower is None:
            started = Follower()
            started.start()
            _follower = started
        return _follower


def _forget_after_fork() -> None:
    """Threads do not survive a fork, and the parent may have held the lock."""
    global _follower, _lock
    _follower, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)


@receiver(setting_changed)
def _forget_setting(*, setting: str, **_: Any) -> None:
    if setting == "STRANGLER":
        forget()
