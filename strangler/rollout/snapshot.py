"""Each process's immutable view of all rollouts.

Note [Decisions never query]: a thread looks at the revision once an interval and loads the rows when it has
changed; whoever decides reads one attribute. A dead or locked database therefore costs no request anything: the
last snapshot serves until the database is back.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import socket
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from strangler.conf import config
from strangler.core.stages import Rollout
from strangler.rollout import tallies
from strangler.rollout.models import ProcessReport, Revision, RolloutRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

REPORT_EVERY = timedelta(seconds=5)
FORGET_AFTER = timedelta(seconds=30)
PRUNE_EVERY = timedelta(minutes=10)  # on average
FIRST_LOAD_TIMEOUT = timedelta(
    seconds=2
)  # a process that starts while the database is away begins with legacy


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All rollouts at one revision."""

    revision: int = 0
    rollouts: Mapping[str, Rollout] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, seam: str) -> Rollout:
        """Return where *seam* stands; legacy if nobody ever moved it."""
        return self.rollouts.get(seam) or _never_moved(seam)


@lru_cache(maxsize=1024)
def _never_moved(seam: str) -> Rollout:
    return Rollout(seam=seam)


def load() -> Snapshot:
    """Read all rollouts from the database.

    The revision is read first: rows that are newer than it are loaded once more next time, never missed.
    """
    revision = read_revision()
    records = RolloutRecord.objects.using(config().database).all()
    rollouts = {record.seam: record.value() for record in records}
    return Snapshot(revision=revision, rollouts=MappingProxyType(rollouts))


def read_revision() -> int:
    """Return the revision that the database stands at; 0 before the first change."""
    number = Revision.objects.using(config().database).filter(pk=1).values_list("number", flat=True).first()
    return number or 0


class Refresher:
    """The thread that keeps one process's snapshot up to date and writes its tallies."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self.process = f"{socket.gethostname()}:{os.getpid()}"
        self._is_loaded = threading.Event()
        self._stop = threading.Event()
        self._reported_at: datetime | None = None
        self._is_database_away = False
        self._thread = threading.Thread(target=self._run, name="strangler-snapshot", daemon=True)

    def start(self) -> None:
        """Begin, and wait for the first snapshot no longer than `FIRST_LOAD_TIMEOUT`."""
        self._thread.start()
        self._is_loaded.wait(FIRST_LOAD_TIMEOUT.total_seconds())

    def stop(self) -> None:
        """End the thread after it has written what is left to write and has taken leave."""
        self._stop.set()
        self._thread.join(timeout=FIRST_LOAD_TIMEOUT.total_seconds())

    def _run(self) -> None:
        interval = config().snapshot_interval.total_seconds()
        while True:
            is_last = self._stop.is_set()
            self._step()
            self._is_loaded.set()
            if is_last:
                break
            self._stop.wait(interval)
        self._leave()
        connections.close_all()

    def _step(self) -> None:
        connections[config().database].close_if_unusable_or_obsolete()
        try:
            if not self._is_loaded.is_set() or read_revision() != self.snapshot.revision:
                self.snapshot = load()
                self._reported_at = None
            self._report()
            tallies.flush()
        except DatabaseError as error:
            self._say_once(error)
        else:
            self._is_database_away = False

    def _say_once(self, error: DatabaseError) -> None:
        if not self._is_database_away:
            logger.warning("Rollouts can't be read, revision %s stays: %s", self.snapshot.revision, error)
        self._is_database_away = True

    def _report(self) -> None:
        now = timezone.now()
        if self._reported_at is not None and now - self._reported_at < REPORT_EVERY:
            return
        reports = ProcessReport.objects.using(config().database)
        seen = {"revision": self.snapshot.revision, "seen_at": now}
        if not reports.filter(process=self.process).update(**seen):
            reports.bulk_create([ProcessReport(process=self.process, **seen)], ignore_conflicts=True)
        reports.filter(seen_at__lt=now - FORGET_AFTER).delete()
        self._reported_at = now
        if random.random() < REPORT_EVERY / PRUNE_EVERY:  # noqa: S311 - drawn, since many processes do not live that long
            tallies.prune()

    def _leave(self) -> None:
        """Take this process off the reports: nobody has to wait for one that decides no more."""
        try:
            ProcessReport.objects.using(config().database).filter(process=self.process).delete()
        except DatabaseError as error:
            logger.warning(
                "Process %s can't take leave and is waited for until %s have passed: %s",
                self.process,
                FORGET_AFTER,
                error,
            )


_refresher: Refresher | None = None
_lock = threading.Lock()


def current() -> Snapshot:
    """Return this process's snapshot, at most one interval old; starts the refresher the first time."""
    if _refresher is not None:
        return _refresher.snapshot
    if not config().snapshot_interval:
        return load()
    return _start().snapshot


def refresh() -> None:
    """Read the rollouts at once, for whoever learned that one of them has changed."""
    found = load()
    if _refresher is not None:
        _refresher.snapshot = found


def stop() -> None:
    """End the refresher of this process; the next `current()` starts a new one."""
    global _refresher  # noqa: PLW0603 - one refresher per process is the point
    with _lock:
        if _refresher is not None:
            _refresher.stop()
        _refresher = None


def _start() -> Refresher:
    global _refresher  # noqa: PLW0603 - one refresher per process is the point
    with _lock:
        if _refresher is None:
            started = Refresher()
            started.start()
            _refresher = started
        return _refresher


def _forget_after_fork() -> None:
    """Threads do not survive a fork, and the parent may have held the lock."""
    global _refresher, _lock
    _refresher, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(stop)
