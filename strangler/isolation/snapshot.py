"""Each process's immutable view of ownership, as of the rollouts: whoever asks reads one attribute.

A thread reads the rows once an interval; the last view serves while the database is away. A process that starts before
the table exists goes by the topology alone.

Note [One view]: a request, a task or a call sees one view from its beginning to its end (`holding`). Otherwise it could read a row
from the old owner, where it is as it was at the switch, and write what it made of that to the new one, over a later
change: a lost update that no fence sees. With one view that write goes to the old owner too, whose fence refuses it,
and the work is done again with the new view. It is also what keeps `atomic(using=…)` and the queries in it together.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from django.core.signals import setting_changed
from django.db import Error as DatabaseError
from django.db import connections
from django.dispatch import receiver

from strangler.conf import config
from strangler.isolation.ownership import from_topology, load

if TYPE_CHECKING:
    from collections.abc import Iterator
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
        refreshed = _refreshed
        try:
            owners = load()
        except DatabaseError as error:
            logger.debug("Ownership can't be read, the last view stays: %s", error)
            return
        if refreshed == _refreshed:  # or what somebody read meanwhile is newer than this
            self.owners = owners


_follower: Follower | None = None
_lock = threading.Lock()
_declared: Owners | None = None
_pinned: Owners | None = None
_refreshed = 0
_held: ContextVar[Owners | None] = ContextVar("strangler_owners", default=None)


@contextmanager
def holding() -> Iterator[None]:
    """Let the block see ownership as it is now, to its end. See Note [One view]."""
    token = _held.set(latest())
    try:
        yield
    finally:
        _held.reset(token)


def current() -> Owners:
    """Return the view of the work at hand: the one that it began with, or else `latest`."""
    return _held.get() or latest()


def latest() -> Owners:
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


def is_turning() -> bool:
    """Whether a table may change its owner at any moment. Follows from now on, also without `SERVICE_DATABASES`."""
    if _follower is None and _pinned is None and config().snapshot_interval and can_change():
        _start()
    return bool(latest().turning)


@cache
def can_change() -> bool:
    """Whether anything in the topology or the settings of this process could make a table change its owner."""
    found = config()
    services = found.topology.services.values()
    return not found.service and (
        bool(found.service_databases) or any(service.owns or service.move_tables for service in services)
    )


def refresh() -> Owners:
    """Read the owners at once, for whoever just met a raised fence or made a switch."""
    global _declared, _refreshed
    owners = load()
    _declared, _refreshed = owners, _refreshed + 1
    if _follower is not None:
        _follower.owners = owners
    return owners


def pin(owners: Owners | None) -> None:
    """Let everybody see *owners*, whatever anything else says, until None is pinned; for tests."""
    global _pinned  # noqa: PLW0603 - one view per process is the point
    _pinned = owners


def forget() -> None:
    """End the thread and forget the view; the next `current()` begins anew."""
    global _follower, _declared
    can_change.cache_clear()
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
