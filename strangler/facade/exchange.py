"""One request to a service and the head of its answer, blocking; the body streams both ways."""

from __future__ import annotations

import http.client
import time
from http import HTTPStatus
from os import register_at_fork
from typing import TYPE_CHECKING, Self

from urllib3 import exceptions as urllib3_exceptions

from strangler.conf import config
from strangler.facade.conversation import Outgoing, Reply
from strangler.facade.headers import METHODS_WITH_LENGTH
from strangler.facade.http1 import READ_BYTES, Answer, Clock, write_head
from strangler.facade.intake import BodyTooLargeError, ClientFault, ClientGoneError
from strangler.facade.policy import Cause, Failure
from strangler.facade.pool import ANY_IDLE_SECONDS, UNREPEATABLE_IDLE_SECONDS, Pool

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from urllib3.connection import HTTPConnection

_BROKEN = (urllib3_exceptions.HTTPError, http.client.HTTPException, OSError)


class Exchanger:
    """Asks services on behalf of one process, over kept connections. Thread-safe; survives a fork."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}
        register_at_fork(after_in_child=self._pools.clear)  # a socket must not be shared with the parent

    def exchange(
        self, outgoing: Outgoing, body: Iterable[bytes], *, is_fresh: bool = False
    ) -> Reply | Failure | ClientFault:
        """Send *outgoing* with *body* and return the head of the answer, or why there is none.

        Args:
            outgoing: what to send.
            body: pieces of the body; raises BodyTooLargeError or ClientGoneError.
            is_fresh: on a new connection.
        """
        pool = self._pool(outgoing.service_url)
        seconds = outgoing.timeout.total_seconds()
        idle = ANY_IDLE_SECONDS if outgoing.is_repeatable else UNREPEATABLE_IDLE_SECONDS
        connection = None if is_fresh else pool.take(idle_seconds=idle)
        is_reused = connection is not None
        started_at = time.monotonic()
        if connection is None:
            try:
                connection = pool.connect(within_seconds=seconds)
            except _BROKEN as error:
                return Failure(cause=Cause.CONNECT, is_sent=False, detail=repr(error))
        seconds -= time.monotonic() - started_at
        return _Attempt(connection, pool, outgoing, seconds=seconds, is_reused=is_reused).run(body)

    def _pool(self, url: str) -> Pool:
        pool = self._pools.get(url)
        if pool is None:
            made = Pool(url, size=config().pool_size, connect_timeout=config().connect_timeout)
            pool = self._pools.setdefault(url, made)
        return pool


class _Attempt:
    """One request on one connection."""

    def __init__(
        self, connection: HTTPConnection, pool: Pool, outgoing: Outgoing, *, seconds: float, is_reused: bool
    ) -> None:
        self._connection = connection
        self._socket: socket.socket = connection.sock
        self._pool = pool
        self._outgoing = outgoing
        self._seconds = seconds
        self._is_reused = is_reused
        self._is_cut = False  # the body was not sent to its end, so the connection can't be used again

    def run(self, body: Iterable[bytes]) -> Reply | Failure | ClientFault:
        """Send, then receive; closes the connection unless a reply is returned."""
        outcome: Reply | Failure | ClientFault | None = None
        try:
            self._send(body)
            outcome = self._receive()
        except BodyTooLargeError:
            outcome = ClientFault.TOO_LARGE
        except ClientGoneError:
            outcome = ClientFault.GONE
        except _BROKEN as error:
            outcome = self._explain(error)
        finally:
            if not isinstance(outcome, Reply):
                self._connection.close()
        return outcome

    def _send(self, body: Iterable[bytes]) -> None:
        outgoing = self._outgoing
        framing = outgoing.framing
        fields = list(outgoing.fields)
        if framing.length is None:
            fields.append(("Transfer-Encoding", "chunked"))
        elif framing.has_body or outgoing.method in METHODS_WITH_LENGTH:
            fields.append(("Content-Length", str(framing.length)))
        self._socket.settimeout(max(self._seconds, 0.001))  # how long the service may leave us unread
        try:
            self._socket.sendall(write_head(outgoing.method, outgoing.target, fields))
            if framing.has_body:
                self._send_body(body, is_chunked=framing.length is None)
        except (BrokenPipeError, ConnectionResetError):
            self._is_cut = True  # it may have answered before it hung up: a 413, a 401

    def _send_body(self, body: Iterable[bytes], *, is_chunked: bool) -> None:
        for piece in body:
            self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if not self._connection.is_connected:
                self._is_cut = True  # the service answers, or hung up, before it has everything
                return
        if is_chunked:
            self._socket.sendall(b"0\r\n\r\n")

    def _receive(self) -> Reply | Failure:
        clock = Clock(head_seconds=self._seconds, idle_seconds=config().idle_timeout.total_seconds())
        answer = Answer(self._socket, clock=clock, method=self._outgoing.method)
        answer.begin()
        clock.head_is_complete()
        if answer.status < HTTPStatus.OK:
            return Failure(cause=Cause.PROTOCOL, detail=f"unasked status {answer.status}")
        is_reusable = not (self._is_cut or answer.will_close)
        stream = AnswerStream(answer, self._connection, self._pool if is_reusable else None)
        # A short body is read at once: the connection is free, and a broken one can still fall back. Of any other the
        # first piece is: servers send the head with it, so if none came, they would answer 500 in our name.
        is_short = answer.length is not None and answer.length <= READ_BYTES
        if not is_short:
            stream.begin()
        return Reply(
            status=answer.status,
            reason=answer.reason,
            fields=answer.fields,
            body=b"".join(stream) if is_short else stream,
        )

    def _explain(self, error: BaseException) -> Failure:
        detail = repr(error)
        if isinstance(error, TimeoutError):
            return Failure(cause=Cause.TIMEOUT, detail=detail)
        if isinstance(error, OSError | http.client.IncompleteRead):
            return Failure(cause=Cause.RESET, is_stale=self._is_reused, detail=detail)
        return Failure(cause=Cause.PROTOCOL, detail=detail)


class AnswerStream:
    """The body of an answer, each piece as it comes; closing it early closes the connection to the service."""

    def __init__(self, answer: Answer, connection: HTTPConnection, pool: Pool | None) -> None:
        self._answer = answer
        self._connection = connection
        self._pool = pool
        self._first = b""
        self._is_finished = False

    def begin(self) -> None:
        """Wait for the first piece, so that an answer that breaks off before it counts as none; raises as reading."""
        self._first = next(self, b"")

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._first:
            piece, self._first = self._first, b""
            return piece
        if self._is_finished:
            raise StopIteration
        piece = self._answer.read_piece()
        if not piece:
            self.finish()
            raise StopIteration
        return piece

    def finish(self) -> None:
        """Give the connection back: everything was read."""
        self._is_finished = True
        if self._pool is not None:
            self._pool.give_back(self._connection)
        else:
            self._connection.close()

    def close(self) -> None:
        """Let go of what was not read, and of the connection with it."""
        if not self._is_finished:
            self._is_finished = True
            self._answer.close()
            self._connection.close()
