"""One request to a service and the head of its answer, asynchronous; the body streams both ways."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from strangler.conf import config
from strangler.errors import MissingExtraError
from strangler.facade.conversation import Outgoing, Reply
from strangler.facade.headers import METHODS_WITH_LENGTH, has_body
from strangler.facade.http1 import READ_BYTES
from strangler.facade.policy import Cause, Failure

try:
    import aiohttp
    from multidict import CIMultiDict
    from yarl import URL
except ImportError as error:
    raise MissingExtraError("aiohttp", extra="asgi", needed_for="strangler.facade.asgi") from error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from strangler.facade.asgi_body import AsgiBody
    from strangler.facade.intake import ClientFault

_ADDED_BY_AIOHTTP = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(slots=True)
class _Progress:
    """How far a request came; *is_complete* once its body was sent to the end."""

    is_reused: bool = False
    is_sent: bool = False
    is_answered: bool = False
    is_complete: bool = False
    clock: asyncio.Timeout | None = field(default=None)


class AsgiExchanger:
    """Asks services on behalf of one process, over kept connections of the running event loop."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[asyncio.AbstractEventLoop, bool], aiohttp.ClientSession] = {}

    async def exchange(
        self, outgoing: Outgoing, body: AsgiBody, *, is_fresh: bool = False
    ) -> Reply | Failure | ClientFault:
        """Send *outgoing* with *body* and return the head of the answer, or why there is none."""
        return await _Attempt(self._session(is_fresh=is_fresh), outgoing, body).run()

    async def close(self) -> None:
        """Close all kept connections."""
        while self._sessions:
            await self._sessions.popitem()[1].close()

    def _session(self, *, is_fresh: bool) -> aiohttp.ClientSession:
        key = (asyncio.get_running_loop(), is_fresh)
        if key not in self._sessions:
            self._sessions[key] = _make_session(is_fresh=is_fresh)
        return self._sessions[key]


def _make_session(*, is_fresh: bool) -> aiohttp.ClientSession:
    keeping: dict[str, Any] = {"force_close": True} if is_fresh else {"keepalive_timeout": 60}
    tracing = aiohttp.TraceConfig()
    tracing.on_connection_reuseconn.append(_note_reuse)
    tracing.on_request_headers_sent.append(_note_sent)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, **keeping),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_ADDED_BY_AIOHTTP,
        trace_configs=[tracing],
    )


async def _note_reuse(_session: aiohttp.ClientSession, context: Any, _params: object) -> None:
    context.trace_request_ctx.is_reused = True


async def _note_sent(_session: aiohttp.ClientSession, context: Any, _params: object) -> None:
    context.trace_request_ctx.is_sent = True


class _Attempt:
    """One request on one connection."""

    def __init__(self, session: aiohttp.ClientSession, outgoing: Outgoing, body: AsgiBody) -> None:
        self._session = session
        self._outgoing = outgoing
        self._body = body
        self._progress = _Progress()
        self._seconds = outgoing.timeout.total_seconds()

    async def run(self) -> Reply | Failure | ClientFault:
        """Send, then receive; whatever goes wrong is returned."""
        try:
            async with asyncio.timeout(self._seconds) as self._progress.clock:
                response = await self._request()
            self._progress.is_answered = True
            with _closed_on_error(response):
                return await self._make_reply(response)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            return self._body.fault or self._explain(error)

    async def _request(self) -> aiohttp.ClientResponse:
        outgoing = self._outgoing
        fields = CIMultiDict(outgoing.fields)
        if outgoing.framing.length is not None and (
            outgoing.framing.has_body or outgoing.method in METHODS_WITH_LENGTH
        ):
            fields["Content-Length"] = str(outgoing.framing.length)
        parts = urlsplit(outgoing.service_url)
        seconds = min(config().connect_timeout.total_seconds(), self._seconds)
        return await self._session.request(
            outgoing.method,
            URL(f"{parts.scheme}://{parts.netloc}{outgoing.target}", encoded=True),
            headers=fields,
            data=self._timed_pieces() if outgoing.framing.has_body else None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds),
            trace_request_ctx=self._progress,
        )

    async def _timed_pieces(self) -> AsyncIterator[bytes]:
        """Yield the body until the service begins to answer.

        The clock stands still while the client is slow, not while the service is.
        """
        self._set_clock(None)
        async for piece in self._body.pieces():
            self._set_clock(self._seconds)
            yield piece
            if self._progress.is_answered:
                return
            self._set_clock(None)
        self._progress.is_complete = True
        self._set_clock(self._seconds)

    def _set_clock(self, seconds: float | None) -> None:
        clock = self._progress.clock
        if clock is not None and not self._progress.is_answered:
            now = asyncio.get_running_loop().time()
            clock.reschedule(None if seconds is None else now + seconds)

    async def _make_reply(self, response: aiohttp.ClientResponse) -> Reply | Failure:
        if response.status < HTTPStatus.OK:
            response.close()
            return Failure(cause=Cause.PROTOCOL, detail=f"unasked status {response.status}")
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        is_cut = self._outgoing.framing.has_body and not self._progress.is_complete
        stream = AsgiAnswerStream(response, is_reusable=not is_cut)
        length = response.content_length
        is_short = length is not None and length <= READ_BYTES and "Transfer-Encoding" not in response.headers
        body: bytes | AsgiAnswerStream = stream
        if is_short or not has_body(self._outgoing.method, response.status):
            body = b"".join([piece async for piece in stream])
        elif response.content_type != "text/event-stream":  # whose head says "connected", before any event
            await stream.begin()
        return Reply(status=response.status, reason=response.reason or "", fields=fields, body=body)

    def _explain(self, error: Exception) -> Failure:
        progress, detail = self._progress, repr(error)
        if not progress.is_sent:
            return Failure(cause=Cause.CONNECT, is_sent=False, detail=detail)
        if isinstance(error, TimeoutError):
            return Failure(cause=Cause.TIMEOUT, detail=detail)
        if isinstance(error, OSError | aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
            return Failure(cause=Cause.RESET, is_stale=progress.is_reused, detail=detail)
        return Failure(cause=Cause.PROTOCOL, detail=detail)


@contextmanager
def _closed_on_error(response: aiohttp.ClientResponse) -> Iterator[None]:
    try:
        yield
    except BaseException:
        response.close()
        raise


class AsgiAnswerStream:
    """The body of an answer, each piece as it comes; closing it early closes the connection to the service."""

    def __init__(self, response: aiohttp.ClientResponse, *, is_reusable: bool) -> None:
        self._response = response
        self._is_reusable = is_reusable
        self._idle_seconds = config().idle_timeout.total_seconds()
        self._first = b""

    async def begin(self) -> None:
        """Wait for the first piece, so that an answer that breaks off before it counts as none; raises as reading."""
        self._first = await anext(self, b"")

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            piece, self._first = self._first, b""
            return piece
        async with asyncio.timeout(self._idle_seconds):
            piece = await self._response.content.readany()
        if not piece:
            self._response.release() if self._is_reusable else self._response.close()
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Let go of what was not read, and of the connection with it."""
        self._response.close()
