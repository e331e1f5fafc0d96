"""HTTP/1.1 as the facade speaks it to a service, over a blocking socket.

urllib3 opens the connections; what goes over them is written and read here. Its own response goes through the
parser for e-mail and is built for callers who want it decoded, which takes longer than all else of a forwarded
request. Bodies are still read by http.client.

Source: RFC 9112.
"""

from __future__ import annotations

import http.client
import io
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

    from strangler.facade.request import Fields

READ_BYTES = 64 * 1024
MAX_LINE_BYTES = 64 * 1024
MAX_FIELDS = 200


class BadAnswerError(http.client.HTTPException):
    """What the service sent is no answer of HTTP/1.1, or can be read in two ways."""


class Clock:
    """How long the next read may take: until a deadline for a head, *idle_seconds* for each piece of a body."""

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


def write_head(method: str, target: str, fields: Fields) -> bytes:
    """Return the head of a request.

    Raises:
        ValueError: a line break within a field, which would begin another field or request.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
        message = "a header field of the request holds a line break"
        raise ValueError(message)
    return head.encode("latin-1")


class Answer(http.client.HTTPResponse):
    """An answer of a service: its head after `begin`, its body by `read1`.

    Interim answers (100, 103) are skipped; http.client skips only 100.
    Args:
        connected: socket to the service.
        clock: rules over every read.
        method: of the request.
    """

    def __init__(self, connected: socket.socket, *, clock: Clock, method: str) -> None:
        super().__init__(_Timed(connected, clock), method=method)  # type: ignore[arg-type]
        self.fields: Fields = []

    def begin(self) -> None:
        """Read the head.

        Raises:
            BadAnswerError: it is malformed, or the extent of its body ambiguous.
        """
        version, status, reason = self._read_status()  # type: ignore[attr-defined]
        while HTTPStatus.CONTINUE <= status < HTTPStatus.OK and status != HTTPStatus.SWITCHING_PROTOCOLS:
            self._read_fields()
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
        if version not in {"HTTP/1.0", "HTTP/1.1"}:
            raise BadAnswerError(version)
        self.version = 10 if version == "HTTP/1.0" else 11
        self.status = self.code = status
        self.reason = reason.strip()
        self.fields = self._read_fields()
        self.headers = self.msg = _joined(self.fields)  # type: ignore[assignment]
        self._frame()

    def read_piece(self) -> bytes:
        """Return what of the body is there, waiting for at least a byte; nothing at its end.

        Raises:
            IncompleteRead: the service closed the connection before the end.
        """
        piece = self.read1(READ_BYTES)
        if not piece and self.length and self._method != "HEAD":  # type: ignore[attr-defined]
            raise http.client.IncompleteRead(piece, self.length)
        return piece

    def _frame(self) -> None:
        coding = self.headers.get("transfer-encoding", "").lower()
        if coding not in {"", "chunked"}:
            raise BadAnswerError(f"Transfer-Encoding {coding!r}")
        self.chunked = coding == "chunked"
        self.chunk_left = None
        self.length = None if self.chunked else self._declared_length()
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        if self.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED} or self._method == "HEAD":  # type: ignore[attr-defined]
            self.length = 0
            self.chunked = False
        elif self.length is None and not self.chunked:
            self.will_close = True

    def _declared_length(self) -> int | None:
        lengths = {value for name, value in self.fields if name.lower() == "content-length"}
        if not lengths:
            return None
        text = lengths.pop()
        if lengths or not (text.isascii() and text.isdigit()):
            raise BadAnswerError("Content-Length")
        return int(text)

    def _read_fields(self) -> Fields:
        fields: Fields = []
        while (line := self.fp.readline(MAX_LINE_BYTES + 1)) not in {b"\r\n", b"\n"}:
            if not line.endswith(b"\n") or len(fields) >= MAX_FIELDS:
                raise BadAnswerError("its head is cut off or too large")
            text = line.decode("latin-1").rstrip("\r\n")
            name, colon, value = text.partition(":")
            if text[0] in " \t" and fields:  # a folded line, obsolete but legal in answers
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {text.strip()}")
            elif not colon or name != name.strip():
                raise BadAnswerError(f"the field {text[:100]!r}")
            else:
                fields.append((name, value.strip(" \t")))
        return fields


class _TimedReader(io.RawIOBase):
    """A socket's reading end that gives each read what the clock allows."""

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        super().__init__()
        self._socket = connected
        self._clock = clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._clock.remaining())
        return self._socket.recv_into(buffer)


class _Timed:
    """What http.client wants of a socket: a file to read from."""

    def __init__(self, connected: socket.socket, clock: Clock) -> None:
        self._reader = _TimedReader(connected, clock)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, READ_BYTES)


def _joined(fields: Fields) -> dict[str, str]:
    """Return what http.client asks of its headers: values by lower-case name."""
    found: dict[str, str] = {}
    for name, value in fields:
        lower = name.lower()
        found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found
