"""Kept connections to one service, and one exchange over them, blocking.

urllib3's own pool hides whether a connection was used before and whether anything was sent on it, which is what
decides between trying again, falling back and giving up. So its connections are used, and the pool is ours.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from datetime import timedelta

UNREPEATABLE_IDLE_SECONDS = 1.0
"""Longest rest of a connection that may carry a request which can't be repeated.

A server closes idle connections at a moment of its own (gunicorn after 2 s); a request sent at that moment is lost.
"""
ANY_IDLE_SECONDS = 60.0


class Pool:
    """Connections of this process to one service, most recently used first. Thread-safe.

    Args:
        url: base URL of the service.
        size: connections kept; more are opened when needed, and closed after use.
        connect_timeout: to open one.
    """

    def __init__(self, url: str, *, size: int, connect_timeout: timedelta) -> None:
        parts = urlsplit(url)
        self._make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host = parts.hostname or ""
        self._port = parts.port
        self._size = size
        self._connect_seconds = connect_timeout.total_seconds()
        self._idle: deque[tuple[HTTPConnection, float]] = deque()

    def take(self, *, idle_seconds: float) -> HTTPConnection | None:
        """Return a kept connection that rested no longer than *idle_seconds* and is still open, or None."""
        now = time.monotonic()
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return None
            if not connection.is_connected or now - since > ANY_IDLE_SECONDS:
                connection.close()
            elif now - since <= idle_seconds:
                return connection
            else:  # all others rested even longer; requests that can be repeated may still use them
                self._idle.append((connection, since))
                return None

    def connect(self, *, within_seconds: float) -> HTTPConnection:
        """Return a new connection; raises what urllib3 raises."""
        seconds = min(self._connect_seconds, within_seconds)
        connection = self._make(self._host, self._port, timeout=seconds)
        connection.connect()
        return connection

    def give_back(self, connection: HTTPConnection) -> None:
        """Keep *connection* for the next request; it must have nothing left to read."""
        if connection.is_closed or len(self._idle) >= self._size:
            connection.close()
        else:
            self._idle.append((connection, time.monotonic()))

    def close(self) -> None:
        """Close all kept connections."""
        while self._idle:
            self._idle.pop()[0].close()
