"""One request to a side and its whole answer, within one deadline.

The deadline covers everything from the connection to the last byte: a candidate that hangs, or sends one byte at a
time, costs a thread of the worker so long and no longer.
"""

from __future__ import annotations

import http.client
import time
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3 import exceptions as urllib3_exceptions

from strangler.conf import config
from strangler.errors import NotObservedError
from strangler.facade.http1 import Answer, Clock, write_head
from strangler.facade.pool import UNREPEATABLE_IDLE_SECONDS, Pool
from strangler.shadow.reasons import Reason

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection

    from strangler.core.observation import Headers

MAX_ANSWER_BYTES = 64 * 1024 * 1024
_ANY_HEADER = 47  # of zlib: gzip's or its own, with the largest window
_LATE = (TimeoutError, urllib3_exceptions.TimeoutError)
_BROKEN = (urllib3_exceptions.HTTPError, http.client.HTTPException, OSError, EOFError, zlib.error, ValueError)
_NOT_OF_THE_ANSWER = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-encoding", "upgrade", "trailer"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request, ready to be sent; *target* is in origin-form."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeAnswer:
    """The answer to a question, its body decoded."""

    status: int
    headers: Headers
    body: bytes
    duration: timedelta

    def get(self, name: str) -> str:
        """Return the first value of a header; empty without one."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Line:
    """Kept connections to the base URL of one side. Thread-safe.

    Args:
        url: base URL; its path comes before every target.
        name: of the side, for errors.
    """

    def __init__(self, url: str, *, name: str) -> None:
        self._base = urlsplit(url).path.rstrip("/")
        self._host = urlsplit(url).netloc.rpartition("@")[2]
        self._name = name
        self._pool = Pool(url, size=config().pool_size, connect_timeout=config().connect_timeout)

    def ask(self, question: Question, *, timeout: timedelta) -> WholeAnswer:
        """Send *question* and return the whole answer.

        Raises:
            NotObservedError: unreachable, timeout, or too large.
        """
        began = time.monotonic()
        try:
            return self._ask(question, clock=_Deadline(timeout), began=began)
        except urllib3_exceptions.NewConnectionError as error:  # urllib3 calls it a timeout, too
            raise NotObservedError(self._name, reason=Reason.UNREACHABLE, detail=repr(error)) from error
        except _LATE as error:
            raise NotObservedError(
                self._name, reason=Reason.TIMEOUT, detail=f"{timeout.total_seconds():g} s"
            ) from error
        except _BROKEN as error:
            raise NotObservedError(self._name, reason=Reason.UNREACHABLE, detail=repr(error)) from error

    def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()

    def _ask(self, question: Question, *, clock: _Deadline, began: float) -> WholeAnswer:
        connection = self._pool.take(idle_seconds=UNREPEATABLE_IDLE_SECONDS)
        connection = connection or self._pool.connect(within_seconds=clock.remaining())
        is_done = False
        try:
            answer = self._exchange(connection, question, clock)
            body = self._read(answer)
            is_done = not answer.will_close
        finally:
            if is_done:
                self._pool.give_back(connection)
            else:
                connection.close()
        headers = tuple(pair for pair in answer.fields if pair[0].lower() not in _NOT_OF_THE_ANSWER)
        duration = timedelta(seconds=time.monotonic() - began)
        return WholeAnswer(status=answer.status, headers=headers, body=body, duration=duration)

    def _exchange(self, connection: HTTPConnection, question: Question, clock: _Deadline) -> Answer:
        if not any(name.lower() == "host" for name, _ in question.headers):
            question_headers = [("Host", self._host), *question.headers]
        else:
            question_headers = list(question.headers)
        head = write_head(question.method, self._base + question.target, question_headers)
        connected = connection.sock
        if connected is None:
            message = "the connection is closed"
            raise ConnectionError(message)
        connected.settimeout(clock.remaining())
        connected.sendall(head + question.body)
        answer = Answer(connected, clock=clock, method=question.method)
        answer.begin()
        return answer

    def _read(self, answer: Answer) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := answer.read_piece():
            pieces.append(piece)
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise NotObservedError(
                    self._name, reason=Reason.TOO_LARGE, detail=f"> {MAX_ANSWER_BYTES} bytes"
                )
        return _decode(b"".join(pieces), coding=answer.headers.get("content-encoding", ""))


class _Deadline(Clock):
    """One deadline for the head and the body together."""

    def __init__(self, timeout: timedelta) -> None:
        super().__init__(head_seconds=timeout.total_seconds(), idle_seconds=0)

    def head_is_complete(self) -> None:
        """Keep the deadline."""


def _decode(body: bytes, *, coding: str) -> bytes:
    """Return *body* without the coding that the side used although it was asked for none; bounded, as a bomb may come."""
    if coding.lower() not in {"gzip", "x-gzip", "deflate"} or not body:
        return body
    return zlib.decompressobj(wbits=_ANY_HEADER).decompress(body, MAX_ANSWER_BYTES)
