"""Let the inner ASGI application answer a request to a matched route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.core.decision import Side
from strangler.facade.context import DECISION_KEY, REQUEST_ID_KEY, set_decision
from strangler.facade.moved import MovedAway
from strangler.facade.origin import working_on_visit
from strangler.facade.policy import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from strangler.facade.asgi_body import AsgiBody, Message, Receive
    from strangler.facade.conversation import UseLegacy
    from strangler.facade.door import Door
    from strangler.facade.visit import Visit

    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class AsgiLegacyCall:
    """One call of the inner application: its answer passes as it is, with the fields of the visit added."""

    def __init__(
        self, door: Door, scope: dict[str, Any], send: Send, visit: Visit, ending: UseLegacy
    ) -> None:
        self.has_started = False
        self._door = door
        self._scope = scope
        self._send = send
        self._visit = visit
        self._ending = ending
        self._body: AsgiBody | None = None

    def needs_body(self) -> bool:
        """Whether the body must be given by the facade: part of it was read, or its length is not known."""
        return self._ending.needs_body(limit=self._visit.route.max_body_bytes)

    async def receive_for(self, body: AsgiBody) -> Receive:
        """Return a `receive` that gives *body*.

        After a failure of the service a body of unknown length gets one, as in the WSGI facade.
        Raises:
            BodyTooLargeError: it is larger than the route allows.
            ClientGoneError: it is cut short.
        """
        self._body = body
        if self._ending.fallback and self._ending.framing.length is None:
            body.intake.start_keeping()
            await body.read_all()
            length = (b"content-length", str(body.intake.received).encode())
            headers = [pair for pair in self._scope["headers"] if pair[0].lower() != b"transfer-encoding"]
            self._scope = {**self._scope, "headers": [*headers, length]}
        return body.as_receive()

    async def run(self, application: Application, receive: Receive) -> None:
        """Let *application* answer; errors of the body come through as they are."""
        set_decision(self._ending.decision)
        scope = {
            **self._scope,
            DECISION_KEY: self._ending.decision,
            REQUEST_ID_KEY: self._visit.request_id,
        }
        try:
            with working_on_visit(self._visit, self._ending.decision):
                await application(scope, receive, self._forward)
        except MovedAway:
            raise
        except Exception:
            if not self.has_started and (self._body is None or self._body.fault is None):
                self._count(FIRST_SERVER_ERROR)
            raise
        finally:
            set_decision(None)

    async def _forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            self._count(message["status"])
            fields = self._visit.answer_fields(side=Side.LEGACY, fallback=self._ending.fallback)
            added = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self._send(message)

    def _count(self, status: int) -> None:
        if not self._ending.fallback:  # that was counted on the service, which failed
            self._door.tally_status(self._ending.decision, status, took=self._visit.took())
