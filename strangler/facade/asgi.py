"""The ASGI facade: `application = Facade(get_asgi_application())`.

A request without a route, a websocket and the lifespan go to Django with nothing added; for all others see
`strangler.facade.conversation`. Needs the extra `asgi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from strangler.conf import config
from strangler.facade import answers
from strangler.facade.asgi_body import AsgiBody, Message, Receive
from strangler.facade.asgi_exchange import AsgiAnswerStream, AsgiExchanger
from strangler.facade.asgi_legacy import AsgiLegacyCall
from strangler.facade.asgi_watched import WatchedAsgiLegacyCall
from strangler.facade.conversation import Course, Exchange, Identify, Refuse, UseLegacy
from strangler.facade.door import Door
from strangler.facade.framing import BadFramingError, Framing
from strangler.facade.identity import identify_or_fail
from strangler.facade.intake import BodyTooLargeError, ClientFault, ClientGoneError, Intake
from strangler.facade.moved import MovedAway
from strangler.facade.origin import working_on
from strangler.facade.refence import AsgiAgain
from strangler.facade.replays import is_replay, replay_tokens, without_replay_token
from strangler.facade.request import AsgiIncoming, scope_path
from strangler.facade.visit import begin
from strangler.observing import suspended

if TYPE_CHECKING:
    from strangler.core.topology import Route
    from strangler.facade.answers import Refusal
    from strangler.facade.conversation import Conversation, Deliver, Ending, Step
    from strangler.facade.request import Fields
    from strangler.rollout import Snapshot

Scope = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Facade:
    """Django's ASGI application behind a door that picks a side for every request.

    Args:
        application: Django's own handler, or any ASGI application.
    """

    def __init__(self, application: Application) -> None:
        self.application: Application = AsgiAgain(application)
        self.door = Door()
        self.exchanger = AsgiExchanger()
        self._is_snapshot_running = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass what is none."""
        if scope["type"] == "http" and (tokens := replay_tokens(scope)):
            await self._answer_replay(tokens, scope, receive, send)
            return
        route = self._match(scope)
        if route is not None:
            await _Request(self, scope, receive, send, route).answer()
        elif scope["type"] == "http" and self.door.has_calls():
            with working_on(AsgiIncoming(scope)):
                await self.application(scope, receive, send)
        else:
            await self.application(scope, receive, send)

    async def snapshot(self) -> Snapshot:
        """Return the rollouts; what may wait for the database does it in a thread."""
        if self._is_snapshot_running and config().snapshot_interval:
            return self.door.snapshot()
        snapshot: Snapshot = await sync_to_async(self.door.snapshot, thread_sensitive=False)()
        self._is_snapshot_running = True
        return snapshot

    async def _answer_replay(self, tokens: list[str], scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a replay on as it is; what only claims to be one loses the header."""
        if len(tokens) == 1 and is_replay(tokens[0]):
            with suspended():
                await self.application(scope, receive, send)
        else:
            await self(without_replay_token(scope), receive, send)

    def _match(self, scope: Scope) -> Route | None:
        if scope["type"] != "http":
            return None
        return self.door.match(scope["method"], scope_path(scope))


class _Request:
    """One request to a matched route."""

    def __init__(self, facade: Facade, scope: Scope, receive: Receive, send: Send, route: Route) -> None:
        self._facade = facade
        self._scope = scope
        self._receive = receive
        self._send = send
        self._visit = begin(route, AsgiIncoming(scope))
        self._course: Course

    async def answer(self) -> None:
        """Carry out the conversation, and do what it ends with."""
        ending = await self._converse()
        if isinstance(ending, UseLegacy):
            await self._use_legacy(ending)
        elif isinstance(ending, Refuse):
            self._course.unwatch()
            await self._refuse(ending.refusal)
        else:
            await self._deliver(ending)

    async def _converse(self) -> Ending:
        course = self._course = Course(self._facade.door, self._visit, await self._facade.snapshot())
        settled = course.settle()
        if settled is not None:
            return settled
        return await self._follow(course.run())

    async def _follow(self, conversation: Conversation) -> Ending:
        try:
            step = next(conversation)
            while True:
                step = conversation.send(await self._carry_out(step))
        except StopIteration as end:
            ending: Ending = end.value
            return ending
        finally:
            conversation.close()  # a cancelled request gives back its admission by the breaker

    async def _carry_out(self, step: Step) -> Any:
        if isinstance(step, Exchange):
            watch = self._course.watch()
            if watch is not None and not step.is_fresh:
                self._body.intake.copy_to(watch.asked)
            return await self._facade.exchanger.exchange(step.outgoing, self._body, is_fresh=step.is_fresh)
        if isinstance(step, Identify):
            return await sync_to_async(identify_or_fail, thread_sensitive=False)(step.cookies)
        return _close(step.reply.body)

    @cached_property
    def _body(self) -> AsgiBody:
        """The body, once somebody besides legacy wants it."""
        route, incoming = self._visit.route, self._visit.incoming
        try:
            framing = incoming.framing()
        except BadFramingError:
            framing = Framing(None)
        intake = Intake(framing, limit=route.max_body_bytes, is_kept=self._course.is_kept)
        return AsgiBody(self._receive, intake)

    async def _use_legacy(self, ending: UseLegacy) -> None:
        call = self._make_call(ending)
        try:
            receive = await call.receive_for(self._body) if call.needs_body() else self._receive
            await call.run(self._facade.application, receive)
        except MovedAway as moved:
            await self._hand_over(moved, ending)
        except (BodyTooLargeError, ClientGoneError) as error:
            if call.has_started:
                raise
            fault = ClientFault.TOO_LARGE if isinstance(error, BodyTooLargeError) else ClientFault.GONE
            limit = self._visit.route.max_body_bytes
            await self._refuse(answers.for_fault(self._visit.incoming, fault, limit=limit))
        finally:
            self._body.intake.close()

    def _make_call(self, ending: UseLegacy) -> AsgiLegacyCall:
        call = (self._facade.door, self._scope, self._send, self._visit, ending)
        if ending.fallback:
            self._course.unwatch()
            return AsgiLegacyCall(*call)
        watch = self._course.watch()
        return AsgiLegacyCall(*call) if watch is None else WatchedAsgiLegacyCall(*call, watch=watch)

    async def _hand_over(self, moved: MovedAway, ending: UseLegacy) -> None:
        """Let the service answer, which owns the tables by now. See Note [Once more] in `refence`."""
        self._course.unwatch()
        self._body = moved.body
        course = Course(self._facade.door, self._visit, await self._facade.snapshot())
        after = await self._follow(course.hand_over(ending.framing))
        if isinstance(after, UseLegacy):
            await self._refuse(answers.moved(self._visit.incoming))
        elif isinstance(after, Refuse):
            await self._refuse(after.refusal)
        else:
            await self._deliver(after)

    async def _refuse(self, refusal: Refusal) -> None:
        fields = [*refusal.fields, ("Strangler-Request-Id", self._visit.request_id)]
        if refusal.status == HTTPStatus.BAD_REQUEST:
            # What follows may be the body's other reading; RFC 9112 §6.3 wants the connection closed. A WSGI
            # application can't say this, and gunicorn refuses such requests before they come here.
            fields.append(("Connection", "close"))
        await self._start(refusal.status, fields)
        await self._finish(refusal.body)

    async def _deliver(self, ending: Deliver) -> None:
        reply, watch = ending.reply, self._course.watch()
        if watch is not None:
            watch.answer(reply.status, ending.fields)
        try:
            await self._start(reply.status, ending.fields)
            if isinstance(reply.body, bytes):
                if watch is not None:
                    watch.answered.take(reply.body)
                    watch.answered.end()
                await self._finish(reply.body)
            else:
                await self._stream(reply.body)
        finally:
            if watch is not None:
                watch.finish()
            _close(reply.body)
            self._body.intake.close()

    async def _stream(self, stream: AsgiAnswerStream) -> None:
        """Send the answer until its end, or until the client goes away."""
        sending = asyncio.create_task(self._send_all(stream))
        leaving = asyncio.create_task(self._body.wait_for_disconnect())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait({sending, leaving})
        if sending.cancelled():
            return
        await self._finish(b"")

    async def _send_all(self, stream: AsgiAnswerStream) -> None:
        watch = self._course.watch()
        async for piece in stream:
            if watch is not None:
                watch.answered.take(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if watch is not None:
            watch.answered.end()

    async def _start(self, status: int, fields: Fields) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _finish(self, body: bytes) -> None:
        """Send the end of the answer, and listen to the end of a request that was answered early."""
        if self._body.intake.framing.has_body:
            if body:
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
                body = b""
            await self._body.drain()
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _close(body: object) -> None:
    if isinstance(body, AsgiAnswerStream):
        body.close()
