"""Take captures from those who serve users, and write them in the background; nobody waits for it.

One daemon thread per process, begun at the first capture. It works in small pieces, each in a gap that those who serve
leave (see Note [Between the answers] in `gaps`); the fuller its queue, the less it waits for one. What there is no room
for is lost, and counted by cause.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections

from strangler.conf import config
from strangler.observing import Loss
from strangler.shadow import captures
from strangler.shadow.completing import SecretError, complete
from strangler.shadow.gaps import wait_for_gap
from strangler.shadow.losses import Losses, prune
from strangler.shadow.queue import DraftQueue

if TYPE_CHECKING:
    from strangler.core.capture import Capture
    from strangler.observing import Draft

logger = logging.getLogger(__name__)

LOOK_EVERY = timedelta(milliseconds=250)
CHECK_EVERY = timedelta(seconds=1)
PRUNE_EVERY = timedelta(minutes=10)
PATIENCE = timedelta(milliseconds=100)
"""The longest wait for a gap, before each piece of work while the queue is empty."""
STOP_WITHIN = timedelta(seconds=2)
BATCH = 2  # a statement for many would hold the interpreter for milliseconds, which a user's page would wait
BATCH_BYTES = 4 * 1024 * 1024  # well within the largest packet that MariaDB takes by default


class Writer:
    """The queue of one process, and the thread that empties it."""

    def __init__(self) -> None:
        self.losses = Losses()
        self.queue = DraftQueue(size=config().shadow_queue_size, size_bytes=config().shadow_queue_bytes)
        self.room = config().shadow_max_pending
        self._checked_at = self._pruned_at = float("-inf")
        self._is_database_away = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def ensure_running(self) -> None:
        """Begin the thread, if it was not begun."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="strangler-captures", daemon=True)
                    thread.start()
                    self._thread = thread

    def stop(self) -> None:
        """End the thread after it has written what is left to write, or `STOP_WITHIN`."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=STOP_WITHIN.total_seconds())

    def step(self) -> None:
        """Write what waits; what goes wrong is counted, and the next step tries anew."""
        connections[config().database].close_if_unusable_or_obsolete()
        try:
            self._check()
            while batch := self.queue.take(limit=BATCH, limit_bytes=BATCH_BYTES):
                self._write([each for each in map(self._complete, batch) if each is not None])
            self.losses.flush()
        except DatabaseError as error:
            self._say_once(error)
        else:
            self._is_database_away = False

    def _run(self) -> None:
        while True:
            is_last = self._stop.is_set()
            try:
                self.step()
            except Exception:
                logger.exception("Captures could not be written.")
            if is_last:
                break
            self._stop.wait(LOOK_EVERY.total_seconds())
        connections.close_all()

    def _check(self) -> None:
        """Find out once a second how many captures the worker has yet to do: a dead one must not fill the disk."""
        now = time.monotonic()
        if now - self._checked_at < CHECK_EVERY.total_seconds():
            return
        self._give_way()
        most = config().shadow_max_pending
        self.room = most - captures.count_pending(limit=most)
        self._checked_at = now
        if now - self._pruned_at >= PRUNE_EVERY.total_seconds():
            self._pruned_at = now
            prune()

    def _give_way(self) -> None:
        if not self._stop.is_set():
            wait_for_gap(PATIENCE.total_seconds() * self.queue.free_share)

    def _complete(self, draft: Draft) -> Capture | None:
        self._give_way()
        seam = draft.capture.seam
        try:
            return complete(draft)
        except SecretError:
            self.losses.add(seam, Loss.SECRET)
        except Exception:  # a body that can't be read, a session store that is away
            logger.debug("%s: a capture could not be completed", seam, exc_info=True)
            self.losses.add(seam, Loss.ERROR)
        return None

    def _write(self, batch: list[Capture]) -> None:
        within, beyond = batch[: max(0, self.room)], batch[max(0, self.room) :]
        for capture in beyond:
            self.losses.add(capture.seam, Loss.PENDING_LIMIT)
        if not within:
            return
        self._give_way()
        try:
            captures.store(within)
        except DatabaseError as error:
            for capture in within:
                self.losses.add(capture.seam, Loss.ERROR)
            self._say_once(error)
            connections[config().database].close_if_unusable_or_obsolete()
        else:
            self.room -= len(within)

    def _say_once(self, error: DatabaseError) -> None:
        if not self._is_database_away:
            logger.warning("Captures can't be written, and are lost until they can: %s", error)
        self._is_database_away = True


class ProcessObserver:
    """What the facade and calls hand captures to; one per process, anew after a fork."""

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._lock = threading.Lock()

    @property
    def writer(self) -> Writer:
        """The writer of this process, made when it is first needed."""
        writer = self._writer
        if writer is None:
            with self._lock:
                writer = self._writer = self._writer or Writer()
        return writer

    def has_room(self, seam: str) -> bool:
        """Whether a capture could be taken now; counts the loss if not."""
        writer = self.writer
        if writer.room <= 0:
            self.lose(seam, Loss.PENDING_LIMIT)
            return False
        if writer.queue.is_full:
            self.lose(seam, Loss.FULL)
            return False
        return True

    def offer(self, draft: Draft) -> None:
        """Take *draft*, or count the loss."""
        writer = self.writer
        if not writer.queue.put(draft):
            writer.losses.add(draft.capture.seam, Loss.FULL)
        writer.ensure_running()

    def lose(self, seam: str, loss: Loss) -> None:
        """Count a capture that could not be made."""
        writer = self.writer
        writer.losses.add(seam, loss)
        writer.ensure_running()

    def stop(self) -> None:
        """Write what is left to write, and end; the next capture begins anew."""
        with self._lock:
            if self._writer is not None:
                self._writer.stop()
            self._writer = None

    def forget(self) -> None:
        """Forget the parent's queue and thread after a fork: the parent writes what it captured."""
        self._writer, self._lock = None, threading.Lock()


observer = ProcessObserver()
os.register_at_fork(after_in_child=observer.forget)
atexit.register(observer.stop)
