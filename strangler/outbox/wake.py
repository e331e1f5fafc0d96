"""Tell relays that something was committed: a datagram, sent after the commit, that nobody has to receive.

Note [Wake by datagram]: a relay registers an address; whoever commits a message sends one byte there. It works alike
for every database and broker, costs a sender some ten microseconds and never blocks it, and may be lost: relays
poll as well, at least once a second. What the datagram says is never looked at.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

from django.db import Error as DatabaseError

from strangler.outbox.clock import DatabaseNow
from strangler.outbox.models import RelayRecord

logger = logging.getLogger(__name__)

LOOK_UP_EVERY = timedelta(seconds=2)


class Bell:
    """The relay's end: an address to send to, and a wait that ends early when it rings."""

    def __init__(self, *, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.host, self.port = self._socket.getsockname()[:2]

    def wait(self, timeout: timedelta) -> bool:
        """Return True as soon as it rings, False after *timeout*; several rings are one."""
        ready, _, _ = select.select([self._socket], [], [], max(timeout.total_seconds(), 0))
        if ready:
            self._silence()
        return bool(ready)

    def ring(self) -> None:
        """End the wait from a signal handler or another thread."""
        _send(self.host, self.port)

    def close(self) -> None:
        """Give the address back."""
        self._socket.close()

    def _silence(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(16)


class _Addresses:
    """Where the relays of each database listen, looked up now and then."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[tuple[str, int]]]] = {}
        self._lock = threading.Lock()

    def get(self, alias: str) -> list[tuple[str, int]]:
        until, addresses = self._known.get(alias, (0.0, []))
        if time.monotonic() < until or not self._lock.acquire(blocking=False):
            return addresses
        try:
            addresses = self._look_up(alias)
            self._known[alias] = (time.monotonic() + LOOK_UP_EVERY.total_seconds(), addresses)
        finally:
            self._lock.release()
        return addresses

    @staticmethod
    def _look_up(alias: str) -> list[tuple[str, int]]:
        live = RelayRecord.objects.using(alias).filter(leased_until__gt=DatabaseNow())
        try:
            return list(live.values_list("wake_host", "wake_port"))
        except DatabaseError as error:
            logger.debug("No relay of %s is woken, polling has to do: %s", alias, error)
            return []


_addresses = _Addresses()


def wake(alias: str) -> None:
    """Wake the relays of database *alias*; never raises and never waits for them."""
    for host, port in _addresses.get(alias):
        _send(host, port)


def forget() -> None:
    """Look the relays' addresses up again at the next message; for tests, and after a fork."""
    global _addresses  # noqa: PLW0603 - one per process is the point
    _addresses = _Addresses()


def _send(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.setblocking(False)
        sender.sendto(b"!", (host, port))


os.register_at_fork(after_in_child=forget)
