"""A WSGI request's body: streamed to a service, given to legacy afterwards, or thrown away."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, Protocol

from strangler.facade.intake import CHUNK_BYTES, BodyTooLargeError, ClientGoneError, Intake
from strangler.facade.lingering import LINGER_BYTES, LINGER_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator


class Readable(Protocol):
    """What WSGI promises of `wsgi.input`."""

    def read(self, size: int, /) -> bytes:
        """Return up to *size* bytes."""


class WsgiBody:
    """The body of one request, read from the server at most once.

    Args:
        stream: `wsgi.input`.
        intake: counts, limits and keeps what is read.
        connection: socket of the client, where the server tells it (gunicorn); bounds the time of `drain`.
    """

    def __init__(self, stream: Readable, intake: Intake, *, connection: Any = None) -> None:
        self.intake = intake
        self.is_too_large = False
        self._stream = stream
        self._connection = connection

    def pieces(self) -> Iterator[bytes]:
        """Yield the body from its beginning: first what was kept, then what the client sends.

        Raises:
            BodyTooLargeError: it is larger than the route allows.
            ClientGoneError: it is shorter than declared, or the server could not read it.
        """
        yield from self.intake.kept()
        while not self.intake.is_complete:
            if piece := self._read():
                yield piece

    def as_file(self) -> io.BufferedReader:
        """Return a file that reads `pieces`, for the `wsgi.input` of legacy."""
        return io.BufferedReader(_Pieces(self.pieces()), CHUNK_BYTES)

    def read_all(self) -> None:
        """Read what the client still sends into what is kept; raises as `pieces` does."""
        while not self.intake.is_complete:
            self._read()

    def drain(self) -> None:
        """Throw away what the client still sends, see Note [Answer, then listen]."""
        until = time.monotonic() + LINGER_TIME.total_seconds()
        received, intake = 0, self.intake
        rest = None if intake.framing.length is None else intake.framing.length - intake.received
        while received < LINGER_BYTES and (rest is None or received < rest) and time.monotonic() < until:
            if self._connection is not None:
                self._connection.settimeout(max(until - time.monotonic(), 0.001))
            wanted = CHUNK_BYTES if rest is None else min(CHUNK_BYTES, rest - received)
            try:
                piece = self._stream.read(wanted)
            except Exception:  # noqa: BLE001 - whatever the server raises, there is nothing more to throw away
                return
            if not piece:
                return
            received += len(piece)

    def _read(self) -> bytes:
        try:
            piece = self._stream.read(self.intake.wanted)
        except Exception as error:  # each server has errors of its own for a body that can't be read
            raise ClientGoneError from error
        try:
            self.intake.accept(piece) if piece else self.intake.end()
        except BodyTooLargeError:
            self.is_too_large = True
            raise
        return piece


class _Pieces(io.RawIOBase):
    """An iterator of bytes as a raw file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest or next(self._pieces, b"")
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        self._rest = piece[size:]
        return size
