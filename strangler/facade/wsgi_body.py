"""A WSGI request's body: streamed to a service, given to legacy afterwards, or thrown away."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from strangler.facade.intake import CHUNK_BYTES, BodyTooLargeError, ClientGoneError, Intake
from strangler.facade.lingering import LINGER_BYTES, LINGER_SILENCE, LINGER_TIME

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
        can_stream: the server tells where a body of unknown length ends.
        connection: socket of the client, where the server tells it (gunicorn); bounds each read of `drain`.
    """

    def __init__(self, stream: Readable, intake: Intake, *, can_stream: bool, connection: Any = None) -> None:
        self.intake = intake
        self._can_stream = can_stream
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
        if self.intake.framing.length is None and not self._can_stream:
            return  # reading on would wait for bytes that the client never meant to send
        with self._silence_bounded(), suppress(Exception):  # whatever a server raises, there is nothing more
            self._throw_away(until=time.monotonic() + LINGER_TIME.total_seconds())

    def _throw_away(self, *, until: float) -> None:
        length, received = self.intake.framing.length, self.intake.received
        most = received + LINGER_BYTES if length is None else min(length, received + LINGER_BYTES)
        while received < most and time.monotonic() < until:
            piece = self._stream.read(min(CHUNK_BYTES, most - received))
            if not piece:
                return
            received += len(piece)

    @contextmanager
    def _silence_bounded(self) -> Iterator[None]:
        """Let no read take longer than `LINGER_SILENCE`, where the server tells its socket."""
        if self._connection is None:
            yield
            return
        before = self._connection.gettimeout()
        self._connection.settimeout(LINGER_SILENCE.total_seconds())
        try:
            yield
        finally:
            self._connection.settimeout(before)  # the next request on it has the server's own patience

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
