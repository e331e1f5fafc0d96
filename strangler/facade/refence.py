"""Do a request once more that met the raised fence of a move: its tables had just changed their owner.

Note [Once more]: the write that meets the fence fails, and with it, as a rule, the transaction and the view. Nothing of such an answer
reaches the client. If nothing of the request was committed in any database, it is done again: in this process where
`SERVICE_DATABASES` leads its router to the new owner, else by the service if the request has a route to it. Otherwise the
client is asked to come again (503). The same is done with a write, and with an answer of 400 and above, that went by a view
of ownership which is not true any more: see Note [Nothing to refuse] in `strangler.isolation.meeting`. What a request did
besides writing rows, such as mail, is not seen here and happens twice.

While a move may turn, from its verification until it is completed, bodies are kept for that, in memory up to 1 MiB and on disk
beyond; larger ones than `KEPT_BYTES` are not, and their requests are not repeated. At other times a request costs two
look-ups. In any case it sees one view of who owns what; see Note [One view] in `strangler.isolation.snapshot`.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.handlers.wsgi import get_path_info
from django.core.signals import setting_changed
from django.dispatch import receiver

from strangler.conf import config
from strangler.errors import FenceRaised
from strangler.facade import answers
from strangler.facade.asgi_body import AsgiBody
from strangler.facade.context import DECISION_KEY
from strangler.facade.framing import BadFramingError
from strangler.facade.intake import Intake
from strangler.facade.moved import MovedAway
from strangler.facade.request import AsgiIncoming, WsgiIncoming
from strangler.facade.wsgi_body import WsgiBody
from strangler.facade.wsgi_legacy import close
from strangler.isolation import meeting, snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from strangler.facade.asgi_body import Message, Receive
    from strangler.facade.framing import Framing
    from strangler.facade.request import Incoming

    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

FIRST_FAULT = 400
KEPT_BYTES = 32 * 1024 * 1024


@cache
def can_be_needed() -> bool:
    """Whether any table could ever change its owner; if not, requests pass with nothing added."""
    return apps.is_installed("strangler.isolation") and snapshot.can_change()


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "STRANGLER":
        can_be_needed.cache_clear()


class WsgiAgain:
    """The inner WSGI application, whose requests are done again. See Note [Once more].

    Args:
        application: Django's own handler.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            MovedAway: a request with a route has to go to the service.
        """
        if not can_be_needed():
            return self.application(environ, start_response)
        if not snapshot.is_turning():
            with snapshot.holding():
                return self.application(environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        incoming = WsgiIncoming(environ, get_path_info(environ))
        intake = _intake(incoming)
        if intake is None:
            with snapshot.holding():
                return self.application(environ, start_response)
        body = WsgiBody(environ["wsgi.input"], intake, can_stream=incoming.can_stream)
        original, is_write = dict(environ), not incoming.is_safe
        patience = meeting.Patience()
        while True:
            one = {
                **original,
                "wsgi.input": body.as_file() if intake.framing.has_body else environ["wsgi.input"],
            }
            answer = _WsgiTry(start_response, is_write=is_write, is_last=patience.is_over)
            result = answer.run(self.application, one)
            if result is not None:
                return _closing(result, environ, intake)
            met = answer.met
            if met is not None and not _can_stay(met):
                return _leave(environ, met, body, start_response)
            time.sleep(patience.rest())
            if met is not None:
                meeting.settle(met)


def _leave(
    environ: WSGIEnvironment, met: FenceRaised, body: WsgiBody, start_response: StartResponse
) -> Iterable[bytes]:
    meeting.settle(met)
    if DECISION_KEY in environ:
        raise MovedAway(met, body)
    body.intake.close()
    refusal = answers.moved(WsgiIncoming(environ, get_path_info(environ)))
    start_response("503 Service Unavailable", refusal.fields)
    return [refusal.body]


def _closing(result: Iterable[bytes], environ: WSGIEnvironment, intake: Intake) -> Iterable[bytes]:
    """Let go of the body that was kept when the answer is closed; a file that the server sends by itself stays what it is."""
    wrapper = environ.get("wsgi.file_wrapper")
    if not intake.framing.has_body:
        return result
    if isinstance(wrapper, type) and isinstance(result, wrapper):
        intake.close()
        return result
    return _Closing(result, intake)


class _Closing:
    """The application's answer; closing it lets go of the request's body."""

    __slots__ = ("_intake", "_result")

    def __init__(self, result: Iterable[bytes], intake: Intake) -> None:
        self._result = result
        self._intake = intake

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._result)

    def close(self) -> None:
        try:
            close(self._result)
        finally:
            self._intake.close()


class _WsgiTry:
    """One call of the application; its answer is thrown away if it may be done again."""

    def __init__(self, start_response: StartResponse, *, is_write: bool, is_last: bool) -> None:
        self.met: FenceRaised | None = None
        self._start_response = start_response
        self._is_write = is_write
        self._is_last = is_last
        self._is_void = False
        self._attempt: meeting.Attempt

    def run(self, application: WSGIApplication, environ: WSGIEnvironment) -> Iterable[bytes] | None:
        """Return the answer, or None if the request is to be done again."""
        with meeting.attempting(is_last=self._is_last) as self._attempt:
            try:
                result = application(environ, self._start)
            except FenceRaised:
                if not self._attempt.may_repeat:
                    raise
                result = []
                self._is_void = True
        if not self._is_void:
            return result
        close(result)
        self.met = self._attempt.met
        return None

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if self._is_write or int(status[:3]) >= FIRST_FAULT:
            self._attempt.look_behind()
        if self._attempt.may_repeat:
            self._is_void = True
            return _write_nothing
        if exc_info:
            return self._start_response(status, headers, exc_info)
        return self._start_response(status, headers)


class AsgiAgain:
    """The inner ASGI application, whose requests are done again. See Note [Once more].

    Args:
        application: Django's own handler.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            MovedAway: a request with a route has to go to the service.
        """
        if scope["type"] != "http" or not can_be_needed():
            await self.application(scope, receive, send)
            return
        intake = _intake(AsgiIncoming(scope)) if snapshot.is_turning() else None
        if intake is None:
            with snapshot.holding():
                await self.application(scope, receive, send)
            return
        await self._answer(scope, receive, send, intake)

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send, intake: Intake) -> None:
        body = AsgiBody(receive, intake)
        try:
            patience = meeting.Patience()
            while attempt := await self._try(scope, body.as_receive(), send, is_last=patience.is_over):
                await asyncio.sleep(patience.rest())
                met = attempt.met
                if met is None:
                    continue
                await sync_to_async(meeting.settle, thread_sensitive=False)(met)
                if not _can_stay(met):
                    return await self._leave(scope, met, body, send)
        except MovedAway:
            raise  # whoever takes the request over reads the body once more, and closes it
        except BaseException:
            intake.close()
            raise
        return intake.close()

    async def _try(
        self, scope: dict[str, Any], receive: Receive, send: Send, *, is_last: bool
    ) -> meeting.Attempt | None:
        """Return the attempt if it is to be made again."""
        is_void, is_write = False, not AsgiIncoming(scope).is_safe

        async def forward(message: Message) -> None:
            nonlocal is_void
            if message["type"] == "http.response.start":
                if is_write or message["status"] >= FIRST_FAULT:
                    await sync_to_async(attempt.look_behind)()
                is_void = attempt.may_repeat
            if not is_void:
                await send(message)

        with meeting.attempting(is_last=is_last) as attempt:
            try:
                await self.application(dict(scope), receive, forward)
            except FenceRaised:
                if not attempt.may_repeat:
                    raise
                is_void = True
        return attempt if is_void else None

    async def _leave(self, scope: dict[str, Any], met: FenceRaised, body: AsgiBody, send: Send) -> None:
        if DECISION_KEY in scope:
            raise MovedAway(met, body)
        refusal = answers.moved(AsgiIncoming(scope))
        headers = [(name.lower().encode(), value.encode()) for name, value in refusal.fields]
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": refusal.body})


def keeps_body(framing: Framing) -> bool:
    """Whether a body of such an extent is kept just now, so that its request can be done once more: while tables may move."""
    is_small = framing.length is not None and framing.length <= KEPT_BYTES
    return is_small and can_be_needed() and snapshot.is_turning()


def _intake(incoming: Incoming) -> Intake | None:
    """Return what keeps the body, or None for one that is too large to keep or has no clear end."""
    try:
        framing = incoming.framing()
    except BadFramingError:
        return None
    if framing.length is None or framing.length > KEPT_BYTES:
        return None
    return Intake(framing, limit=None, is_kept=True)


def _can_stay(met: FenceRaised) -> bool:
    """Whether this process's own router leads to the new owner, whoever of the two that is."""
    return met.move in config().service_databases


def _write_nothing(_data: bytes) -> object:
    return None
