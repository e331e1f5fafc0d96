"""An ASGI request's body: streamed to a service, given to legacy afterwards, or thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from strangler.facade.intake import BodyTooLargeError, ClientFault, ClientGoneError, Intake
from strangler.facade.lingering import LINGER_BYTES, LINGER_SILENCE, LINGER_TIME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class AsgiBody:
    """The body of one request, received from the server at most once.

    Args:
        receive: of the ASGI call.
        intake: counts, limits and keeps what is received.
    """

    def __init__(self, receive: Receive, intake: Intake) -> None:
        self.intake = intake
        self.fault: ClientFault | None = None
        self._receive = receive
        self._has_ended = False
        self._lock = asyncio.Lock()  # an early answer is delivered while the sender may still be waiting

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body from its beginning: first what was kept, then what the client sends.

        Raises:
            BodyTooLargeError: it is larger than the route allows.
            ClientGoneError: it is shorter than declared, or the client went away.
        """
        for piece in self.intake.kept():
            yield piece
        while not self._has_ended:
            if piece := await self._next():
                yield piece

    async def read_all(self) -> None:
        """Receive what the client still sends into what is kept; raises as `pieces` does."""
        while not self._has_ended:
            await self._next()

    def as_receive(self) -> Receive:
        """Return a `receive` that gives `pieces`, for legacy; afterwards it tells of a disconnect."""
        pieces = self.pieces()
        is_over = False

        async def receive() -> Message:
            nonlocal is_over
            if is_over:
                return await self._receive()
            piece = await anext(pieces, None)
            is_over = piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": not is_over}

        return receive

    async def wait_for_disconnect(self) -> None:
        """Throw away what the client still sends, and return when it goes away."""
        received = 0
        while received < LINGER_BYTES:
            async with self._lock:
                message = await self._receive()
            if message["type"] == "http.disconnect":
                return
            received += len(message.get("body", b""))
            self._has_ended = not message.get("more_body", False)

    async def drain(self) -> None:
        """Throw away what the client still sends, see Note [Answer, then listen]."""
        received = 0
        with suppress(TimeoutError):  # patience is over: what still comes is the server's to refuse
            async with asyncio.timeout(LINGER_TIME.total_seconds()), self._lock:
                while not self._has_ended and received < LINGER_BYTES:
                    async with asyncio.timeout(LINGER_SILENCE.total_seconds()):
                        message = await self._receive()
                    received += len(message.get("body", b""))
                    self._has_ended = not message.get("more_body", False)

    async def _next(self) -> bytes:
        try:
            async with self._lock:
                message = await self._receive()
                return self._take(message)
        except BodyTooLargeError:
            self.fault = ClientFault.TOO_LARGE
            raise
        except ClientGoneError:
            self.fault = ClientFault.GONE
            raise

    def _take(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            self._has_ended = True
            raise ClientGoneError
        piece: bytes = message.get("body", b"")
        self._has_ended = not message.get("more_body", False)
        if piece:
            self.intake.accept(piece)
        if self._has_ended:
            self.intake.end()
        return piece
