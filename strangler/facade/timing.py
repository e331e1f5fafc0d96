"""Deadlines on a blocking socket: the head of an answer within a time in total, its body without long silence."""

from __future__ import annotations

import http.client
import io
import time
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from urllib3.connection import HTTPConnection

READ_BYTES = 64 * 1024


class Clock:
    """How long the next read may take: until *deadline* for a head, *idle_seconds* for each piece of a body."""

    def __init__(self, *, head_seconds: float, idle_seconds: float) -> None:
        self._deadline: float | None = time.monotonic() + head_seconds
        self._idle_seconds = idle_seconds

    def remaining(self) -> float:
        """Return the seconds that the next read has.

        Raises:
            TimeoutError: none are left.
        """
        if self._deadline is None:
            return self._idle_seconds
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def head_is_complete(self) -> None:
        """Go over from the deadline of the head to the idle time of the body."""
        self._deadline = None


class _TimedReader(io.RawIOBase):
    """A socket's reading end that gives each read what the clock allows."""

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        super().__init__()
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._clock.remaining())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Timed:
    """What http.client wants of a socket: a file to read from."""

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        self._reader = _TimedReader(connected, clock)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, READ_BYTES)


class _Response(http.client.HTTPResponse):
    """An answer whose interim heads (103 Early Hints) are skipped; http.client skips only 100."""

    def __init__(self, connected: socket.socket, *, clock: Clock, **options: Any) -> None:
        super().__init__(_Timed(connected, clock), **options)  # type: ignore[arg-type]

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while http.HTTPStatus.CONTINUE < status < http.HTTPStatus.OK:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


def time_answers(connection: HTTPConnection, clock: Clock) -> None:
    """Let *clock* rule over the next answer on *connection*."""
    connection.response_class = partial(_Response, clock=clock)  # type: ignore[assignment]
