"""Hand captures from those who serve users to the shadow worker; nobody waits for it.

A draft goes over a socket as soon as the answer is delivered (see Note [A byte and a file] in `packets`): no thread, no
query. Only where there are effects to look at, which means to parse statements and to read files, it first waits in a queue
for a daemon thread. What there is no room for is lost, and counted by cause; so is all of it while no worker listens.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.observing import Loss
from strangler.shadow import packets
from strangler.shadow.folder import connect, find_folder
from strangler.shadow.link import Link
from strangler.shadow.losses import Losses
from strangler.shadow.losses import pack as pack_losses
from strangler.shadow.pace import Pace
from strangler.shadow.queue import OVERHEAD_BYTES, DraftQueue

if TYPE_CHECKING:
    from collections import Counter

    from strangler.observing import Draft

logger = logging.getLogger(__name__)

LOOK_FOR_WORKERS_EVERY = timedelta(seconds=1)
SETTLE_WITHIN = timedelta(milliseconds=250)
"""A call may end before the transaction that it was made in; what it wrote counts once that is committed."""
STOP_WITHIN = timedelta(seconds=2)


class Sender:
    """What one process hands over: its connection to a worker, and the thread that looks at effects. Thread-safe."""

    def __init__(self) -> None:
        self.losses = Losses()
        self._size, self._size_bytes = config().shadow_queue_size, config().shadow_queue_bytes
        self.queue = DraftQueue(size=self._size, size_bytes=self._size_bytes)
        self._paces: defaultdict[str, Pace] = defaultdict(partial(Pace, config().shadow_max_per_second))
        self._link: Link | None = None
        self._looked_at = float("-inf")
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def has_room(self, seam: str) -> bool:
        """Whether a capture could be taken now; counts the loss if not."""
        with self._lock:
            obstacle = self._find_obstacle(seam)
        if obstacle is not None:
            self.losses.add(seam, obstacle)
        return obstacle is None

    def offer(self, draft: Draft) -> None:
        """Hand *draft* over, at once or when its effects were looked at; or count the loss."""
        if not callable(draft.effects):
            self.send(draft)
        elif self.queue.put(draft):
            self._ensure_running()
        else:
            self.losses.add(draft.capture.seam, Loss.FULL)

    def send(self, draft: Draft) -> None:
        """Hand *draft* over, or count the loss."""
        seam = draft.capture.seam
        try:
            content = packets.pack(draft)
            with packets.written(content) as file:
                loss = self._hand_over(file, size=len(content))
        except Exception:  # a file that is gone, values that are no JSON, no memory
            logger.debug("%s: a capture could not be handed over", seam, exc_info=True)
            loss = Loss.ERROR
        if loss is not None:
            self.losses.add(seam, loss)

    def flush(self) -> None:
        """Tell the worker what was lost, which writes it down; without one that takes anything it is written here.

        Raises:
            DatabaseError: it stays for the next time.
        """
        if not self.losses:
            return
        taken = self.losses.take()
        if not self._tell(taken):
            self.losses.give(taken)
            self.losses.flush()

    def stop(self) -> None:
        """Hand over what waits, within `STOP_WITHIN`, and close the connection."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=STOP_WITHIN.total_seconds())
        self.flush()
        with self._lock:
            self._drop_link()

    def _tell(self, counts: Counter[tuple[str, int, str]]) -> bool:
        with packets.written(pack_losses(counts)) as file, self._lock:
            link = self._find_link()
            if link is None or link.is_held:
                return False
            try:
                link.tell(file)
            except OSError:
                return False
        return True

    def _find_obstacle(self, seam: str) -> Loss | None:
        link = self._find_link()
        if link is None:
            return Loss.NO_WORKER
        if link.is_held:
            return Loss.PENDING_LIMIT
        if self._is_full(link, more=OVERHEAD_BYTES):
            return Loss.FULL
        return None if self._paces[seam].admit() else Loss.RATE

    def _hand_over(self, file: int, *, size: int) -> Loss | None:
        with self._lock:
            link = self._find_link()
            if link is None:
                return Loss.NO_WORKER
            if self._is_full(link, more=size):
                return Loss.FULL
            try:
                link.send(file, size=size)
            except BlockingIOError:
                return Loss.FULL
            except OSError:
                self._drop_link()
                return Loss.NO_WORKER
        return None

    def _is_full(self, link: Link, *, more: int) -> bool:
        waiting = link.bytes_waiting + self.queue.bytes_held + more
        return len(link) + len(self.queue) >= self._size or waiting > self._size_bytes

    def _find_link(self) -> Link | None:
        """Return the connection, with what the worker said; a lost one is made anew, once a second at most."""
        if self._link is not None and not self._link.listen():
            self._drop_link()
        now = time.monotonic()
        if self._link is None and now - self._looked_at >= LOOK_FOR_WORKERS_EVERY.total_seconds():
            self._looked_at = now
            connection = connect(find_folder())
            self._link = Link(connection) if connection is not None else None
        return self._link

    def _drop_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _ensure_running(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="strangler-captures", daemon=True)
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        while not self._stop.wait(SETTLE_WITHIN.total_seconds()):
            self._empty_queue()
        self._empty_queue()

    def _empty_queue(self) -> None:
        while (draft := self.queue.take()) is not None:
            self.send(draft)


class ProcessObserver:
    """What the facade and calls hand captures to; one per process, anew after a fork."""

    def __init__(self) -> None:
        self._sender: Sender | None = None
        self._lock = threading.Lock()

    @property
    def sender(self) -> Sender:
        """The sender of this process, made when it is first needed."""
        sender = self._sender
        if sender is None:
            with self._lock:
                sender = self._sender = self._sender or Sender()
        return sender

    def has_room(self, seam: str) -> bool:
        """Whether a capture could be taken now; counts the loss if not."""
        return self.sender.has_room(seam)

    def offer(self, draft: Draft) -> None:
        """Take *draft*, or count the loss."""
        self.sender.offer(draft)

    def lose(self, seam: str, loss: Loss) -> None:
        """Count a capture that could not be made."""
        self.sender.losses.add(seam, loss)

    def flush(self) -> None:
        """Have written down what was lost; raises DatabaseError, and then it is tried again the next time."""
        if self._sender is not None:
            self._sender.flush()

    def stop(self) -> None:
        """Hand over what waits, and end; the next capture begins anew."""
        with self._lock:
            sender, self._sender = self._sender, None
        try:
            if sender is not None:
                sender.stop()
        except Exception:  # the process ends, whatever its database says
            logger.exception("What was lost can't be written down.")

    def forget(self) -> None:
        """Forget the parent's queue, thread and connection after a fork: the parent hands over what it captured."""
        self._sender, self._lock = None, threading.Lock()


observer = ProcessObserver()
os.register_at_fork(after_in_child=observer.forget)
atexit.register(observer.stop)
