"""The shadow worker's ear: takes captures from those who serve users, completes and stores them.

One thread. It takes what has come since it last looked, a few times a second, and writes it with one statement. At
`SHADOW_MAX_PENDING` captures in the table it takes no more, and tells those who serve to make none until there are fewer.
"""

from __future__ import annotations

import logging
import selectors
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections

from strangler.conf import config
from strangler.errors import ConfigurationError
from strangler.observing import Loss
from strangler.shadow import captures, losses
from strangler.shadow.completing import SecretError, complete
from strangler.shadow.folder import Listener, find_folder
from strangler.shadow.packets import CAPTURE, GO, HOLD, LOSSES, TAKEN, PacketError, receive, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from strangler.core.capture import Capture
    from strangler.observing import Draft

logger = logging.getLogger(__name__)

GATHER = timedelta(milliseconds=200)
"""Between two looks, so that the worker wakes a few times a second and not for each capture."""
CHECK_EVERY = timedelta(seconds=1)
PRUNE_EVERY = timedelta(minutes=10)
STOP_WITHIN = timedelta(seconds=3)
BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024  # well within the largest packet that MariaDB takes by default


class Receiver:
    """A socket for captures, and the thread that takes them.

    Raises:
        ConfigurationError: no socket can be made in the folder.
    """

    def __init__(self) -> None:
        folder = find_folder()
        try:
            self._listener = Listener(folder)
        except OSError as error:
            raise ConfigurationError(
                f"No socket for captures can be made in {folder}: {error}.",
                hint='Set STRANGLER["SHADOW_FOLDER"] to a folder of this user with a short path.',
                check_id="strangler.E008",
            ) from error
        self.losses = losses.Losses()
        self.room = config().shadow_max_pending
        self._senders: list[socket] = []
        self._is_held = False
        self._checked_at = self._pruned_at = float("-inf")
        self._is_database_away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="strangler-receiver", daemon=True)

    def start(self) -> None:
        """Begin to take captures."""
        self._thread.start()

    def stop(self) -> None:
        """Take what was handed over, write it, and close the socket; waits no longer than `STOP_WITHIN`."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=STOP_WITHIN.total_seconds())
        self._listener.close()
        for sender in self._senders:
            sender.close()

    def step(self) -> None:
        """Take and write what has come; what goes wrong is counted, and the next step tries anew."""
        connections[config().database].close_if_unusable_or_obsolete()
        try:
            self._greet()
            self._check()
            while batch := self._take():
                self._store([each for each in map(self._complete, batch) if each is not None])
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
                logger.exception("Captures could not be received.")
            if is_last:
                break
            self._wait()
        connections.close_all()

    def _wait(self) -> None:
        """Sleep until something comes, and then until more may have come."""
        waiting = [self._listener.socket, *([] if self._is_held else self._senders)]
        with selectors.DefaultSelector() as selector:
            for each in waiting:
                selector.register(each, selectors.EVENT_READ)
            selector.select(timeout=CHECK_EVERY.total_seconds())
        self._stop.wait(GATHER.total_seconds())

    def _greet(self) -> None:
        while (sender := self._listener.accept()) is not None:
            self._senders.append(sender)
            if self._is_held:
                self._say(sender, HOLD)

    def _take(self) -> list[Draft]:
        """Return what is there, within the limits of a batch and the room in the table."""
        taken: list[Draft] = []
        size = 0
        for kind, content in self._contents():
            try:
                if kind == LOSSES:
                    self.losses.give(losses.unpack(content))
                    continue
                taken.append(unpack(content))
            except (PacketError, TypeError, ValueError):
                logger.exception("A capture can't be read: both ends must have one version of the toolkit.")
            size += len(content)
            if len(taken) >= min(BATCH, self.room) or size >= BATCH_BYTES:
                break
        return taken

    def _contents(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield what is there, of each sender in turn."""
        ready = list(self._senders)
        while ready and self.room > 0:
            for sender in list(ready):
                try:
                    received = receive(sender)
                except BlockingIOError:
                    ready.remove(sender)
                    continue
                except (OSError, PacketError):
                    received = None
                if received is None:
                    ready.remove(sender)
                    self._part_from(sender)
                    continue
                if received[0] == CAPTURE:
                    self._say(sender, TAKEN)
                yield received

    def _part_from(self, sender: socket) -> None:
        self._senders.remove(sender)
        sender.close()

    def _say(self, sender: socket, word: int) -> None:
        try:
            sender.send(bytes((word,)))
        except OSError:
            logger.debug("A sender is gone.")  # the next look at it says so, too

    def _check(self) -> None:
        """Find out once a second how many captures wait to be compared: a slow worker must not fill the disk."""
        now = time.monotonic()
        if now - self._checked_at < CHECK_EVERY.total_seconds():
            return
        most = config().shadow_max_pending
        self.room = most - captures.count_pending(limit=most)
        self._checked_at = now
        self._hold_if_full()
        if now - self._pruned_at >= PRUNE_EVERY.total_seconds():
            self._pruned_at = now
            losses.prune()

    def _hold_if_full(self) -> None:
        is_held = self.room <= 0
        if is_held != self._is_held:
            self._is_held = is_held
            for sender in self._senders:
                self._say(sender, HOLD if is_held else GO)

    def _complete(self, draft: Draft) -> Capture | None:
        seam = draft.capture.seam
        try:
            return complete(draft)
        except SecretError:
            self.losses.add(seam, Loss.SECRET)
        except Exception:  # a body that can't be read, a session store that is away
            logger.debug("%s: a capture could not be completed", seam, exc_info=True)
            self.losses.add(seam, Loss.ERROR)
        return None

    def _store(self, batch: list[Capture]) -> None:
        if not batch:
            return
        try:
            captures.store(batch)
        except DatabaseError:
            for capture in batch:
                self.losses.add(capture.seam, Loss.ERROR)
            raise
        self.room -= len(batch)
        self._hold_if_full()

    def _say_once(self, error: DatabaseError) -> None:
        if not self._is_database_away:
            logger.warning("Captures can't be written, and are lost until they can: %s", error)
        self._is_database_away = True
