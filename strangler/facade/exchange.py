"""One request to a service and the head of its answer, blocking; the body streams both ways."""

from __future__ import annotations

import http.client
import time
from http import HTTPStatus
from os import register_at_fork
from typing import TYPE_CHECKING, Self

from urllib3 import HTTPHeaderDict
from urllib3 import exceptions as urllib3_exceptions
from urllib3.util import SKIP_HEADER

from strangler.conf import config
from strangler.facade.conversation import Outgoing, Reply
from strangler.facade.headers import has_body
from strangler.facade.intake import BodyTooLargeError, ClientFault, ClientGoneError
from strangler.facade.policy import Cause, Failure
from strangler.facade.pool import ANY_IDLE_SECONDS, UNREPEATABLE_IDLE_SECONDS, Pool
from strangler.facade.timing import READ_BYTES, Clock, time_answers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

_BROKEN = (urllib3_exceptions.HTTPError, http.client.HTTPException, OSError)
_METHODS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})


class _EarlyAnswer(Exception):
    """The service says something although the request is not complete."""


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
        fields = HTTPHeaderDict(outgoing.fields)
        for name in ("Accept-Encoding", "User-Agent"):  # urllib3 would add its own
            fields.setdefault(name, SKIP_HEADER)
        is_chunked = outgoing.framing.length is None
        if not is_chunked and (outgoing.framing.has_body or outgoing.method in _METHODS_WITH_LENGTH):
            fields["Content-Length"] = str(outgoing.framing.length)
        self._connection.timeout = max(self._seconds, 0.001)  # how long the service may leave us unread
        try:
            self._connection.request(
                outgoing.method,
                outgoing.target,
                body=self._watched(body) if outgoing.framing.has_body else None,
                headers=fields,
                chunked=is_chunked,
                preload_content=False,
                decode_content=False,
            )
        except (_EarlyAnswer, BrokenPipeError, ConnectionResetError):
            self._is_cut = True  # it may have answered before it hung up: a 413, a 401

    def _watched(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Yield *body* until the service begins to answer."""
        for piece in body:
            yield piece
            if not self._connection.is_connected:
                raise _EarlyAnswer

    def _receive(self) -> Reply | Failure:
        clock = Clock(head_seconds=self._seconds, idle_seconds=config().idle_timeout.total_seconds())
        time_answers(self._connection, clock)
        response = self._connection.getresponse()
        clock.head_is_complete()
        if response.status < HTTPStatus.OK:
            return Failure(cause=Cause.PROTOCOL, detail=f"unasked status {response.status}")
        stream = AnswerStream(response, self._connection, None if self._is_cut else self._pool)
        return Reply(
            status=response.status,
            reason=response.reason or "",
            fields=list(response.headers.items()),
            body=self._settle(stream, response),
        )

    def _settle(self, stream: AnswerStream, response: BaseHTTPResponse) -> bytes | AnswerStream:
        """Return a short body as bytes: the connection is free at once, and a broken one can still fall back."""
        is_short = response.length_remaining is not None and response.length_remaining <= READ_BYTES
        if is_short or not has_body(self._outgoing.method, response.status):
            return b"".join(stream)
        return stream

    def _explain(self, error: BaseException) -> Failure:
        detail = repr(error)
        if isinstance(error, TimeoutError | urllib3_exceptions.TimeoutError):
            return Failure(cause=Cause.TIMEOUT, detail=detail)
        if isinstance(error, OSError | urllib3_exceptions.ProtocolError):
            return Failure(cause=Cause.RESET, is_stale=self._is_reused, detail=detail)
        return Failure(cause=Cause.PROTOCOL, detail=detail)


class AnswerStream:
    """The body of an answer, each piece as it comes; closing it early closes the connection to the service."""

    def __init__(self, response: BaseHTTPResponse, connection: HTTPConnection, pool: Pool | None) -> None:
        self._response = response
        self._connection = connection
        self._pool = pool
        self._is_finished = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self._is_finished:
            raise StopIteration
        piece = self._response.read1(READ_BYTES, decode_content=False)
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
            self._response.close()
            self._connection.close()
