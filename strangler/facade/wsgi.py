"""The WSGI facade: `application = Facade(get_wsgi_application())`.

A request without a route goes to Django with nothing added and nothing copied; calls that it makes find out where
they come from by `strangler.facade.origin`. For all others see `strangler.facade.conversation`.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any

from django.core.handlers.wsgi import get_path_info

from strangler.facade import answers
from strangler.facade.conversation import Course, Exchange, Identify, Refuse, UseLegacy
from strangler.facade.door import Door
from strangler.facade.exchange import Exchanger
from strangler.facade.framing import BadFramingError, Framing
from strangler.facade.identity import identify_or_fail
from strangler.facade.intake import BodyTooLargeError, ClientFault, ClientGoneError, Intake
from strangler.facade.moved import MovedAway
from strangler.facade.origin import working_on
from strangler.facade.refence import WsgiAgain
from strangler.facade.replays import ENVIRON_KEY, is_replay
from strangler.facade.request import WsgiIncoming
from strangler.facade.visit import begin
from strangler.facade.wsgi_body import WsgiBody
from strangler.facade.wsgi_legacy import LegacyCall, close
from strangler.facade.wsgi_watched import WatchedAnswer, WatchedLegacyCall
from strangler.observing import suspended

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from strangler.facade.answers import Refusal
    from strangler.facade.conversation import Conversation, Deliver, Ending, Step
    from strangler.facade.visit import Visit


class Facade:
    """Django's WSGI application behind a door that picks a side for every request.

    Thread-safe; connections and breakers belong to the process and are made anew after a fork.
    Args:
        application: Django's own handler, or any WSGI application.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application: WSGIApplication = WsgiAgain(application)
        self.door = Door()
        self.exchanger = Exchanger()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if ENVIRON_KEY in environ:
            return self._answer_replay(environ, start_response)
        path = get_path_info(environ)
        route = self.door.match(environ["REQUEST_METHOD"], path)
        if route is not None:
            return _Request(self, environ, start_response, begin(route, WsgiIncoming(environ, path))).answer()
        if not self.door.has_calls():
            return self.application(environ, start_response)
        with working_on(WsgiIncoming(environ, path)):
            return self.application(environ, start_response)

    def _answer_replay(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass a replay on as it is; what only claims to be one loses the header."""
        if is_replay(environ[ENVIRON_KEY]):
            with suspended():
                return self.application(environ, start_response)
        del environ[ENVIRON_KEY]
        return self(environ, start_response)


class _Request:
    """One request to a matched route."""

    def __init__(
        self, facade: Facade, environ: WSGIEnvironment, start_response: StartResponse, visit: Visit
    ) -> None:
        self._facade = facade
        self._environ = environ
        self._start_response = start_response
        self._visit = visit
        self._course = Course(facade.door, visit, facade.door.snapshot())
        self._made_body: WsgiBody | None = None

    def answer(self) -> Iterable[bytes]:
        """Carry out the conversation, and do what it ends with."""
        ending = self._converse()
        if isinstance(ending, UseLegacy):
            return self._use_legacy(ending)
        if isinstance(ending, Refuse):
            self._course.unwatch()
            return self._refuse(ending.refusal)
        return self._deliver(ending)

    def _converse(self) -> Ending:
        settled = self._course.settle()
        if settled is not None:
            return settled
        return self._follow(self._course.run())

    def _follow(self, conversation: Conversation) -> Ending:
        try:
            step = next(conversation)
            while True:
                step = conversation.send(self._carry_out(step))
        except StopIteration as end:
            ending: Ending = end.value
            return ending

    def _carry_out(self, step: Step) -> Any:
        if isinstance(step, Exchange):
            watch = self._course.watch()
            if watch is not None and not step.is_fresh:
                self._body.intake.copy_to(watch.asked)
            pieces = self._body.pieces()
            return self._facade.exchanger.exchange(step.outgoing, pieces, is_fresh=step.is_fresh)
        if isinstance(step, Identify):
            return identify_or_fail(step.cookies)
        return close(step.reply.body)

    @property
    def _body(self) -> WsgiBody:
        """The body, made when somebody besides legacy wants it."""
        if self._made_body is None:
            self._made_body = self._make_body()
        return self._made_body

    def _make_body(self) -> WsgiBody:
        route, incoming = self._visit.route, self._visit.incoming
        try:
            framing = incoming.framing()
        except BadFramingError:
            framing = Framing(0)  # where it ends can't be told, so nothing of it is read
        intake = Intake(framing, limit=route.max_body_bytes, is_kept=self._course.is_kept)
        return WsgiBody(
            self._environ["wsgi.input"],
            intake,
            can_stream=incoming.can_stream,
            connection=self._environ.get("gunicorn.socket"),
        )

    def _use_legacy(self, ending: UseLegacy) -> Iterable[bytes]:
        call = self._make_call(ending)
        if call.needs_body():
            try:
                call.give_body(self._body)
            except (BodyTooLargeError, ClientGoneError) as error:
                return self._refuse(self._fault(error))
        try:
            result = call.run(self._facade.application)
        except MovedAway as moved:
            return self._hand_over(moved, ending)
        return self._refuse(result) if isinstance(result, answers.Refusal) else result

    def _make_call(self, ending: UseLegacy) -> LegacyCall:
        call = (self._facade.door, self._environ, self._start_response, self._visit, ending)
        if ending.fallback:
            self._course.unwatch()
            return LegacyCall(*call)
        watch = self._course.watch()
        return LegacyCall(*call) if watch is None else WatchedLegacyCall(*call, watch=watch)

    def _hand_over(self, moved: MovedAway, ending: UseLegacy) -> Iterable[bytes]:
        """Let the service answer, which owns the tables by now. See Note [Once more] in `refence`."""
        self._course.unwatch()
        self._made_body = moved.body
        course = Course(self._facade.door, self._visit, self._facade.door.snapshot())
        after = self._follow(course.hand_over(ending.framing))
        if isinstance(after, UseLegacy):
            return self._refuse(answers.moved(self._visit.incoming))
        return self._refuse(after.refusal) if isinstance(after, Refuse) else self._deliver(after)

    def _fault(self, error: Exception) -> Refusal:
        fault = ClientFault.TOO_LARGE if isinstance(error, BodyTooLargeError) else ClientFault.GONE
        return answers.for_fault(self._visit.incoming, fault, limit=self._visit.route.max_body_bytes)

    def _deliver(self, ending: Deliver) -> Iterable[bytes]:
        reply = ending.reply
        self._start_response(_status_line(reply.status, reply.reason), ending.fields)
        body = [reply.body] if isinstance(reply.body, bytes) else reply.body
        watch = self._course.watch()
        if watch is not None:
            watch.answer(reply.status, ending.fields)
            body = WatchedAnswer(body, watch)
        return self._finish(body)

    def _refuse(self, refusal: Refusal) -> Iterable[bytes]:
        fields = [*refusal.fields, ("Strangler-Request-Id", self._visit.request_id)]
        self._start_response(_status_line(refusal.status), fields)
        return self._finish([refusal.body])

    def _finish(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return *body*; what the client still sends is read away behind it."""
        return _Lingering(body, self._body) if self._body.intake.framing.has_body else body


class _Lingering:
    """An answer to a request with a body, see Note [Answer, then listen]."""

    def __init__(self, answer: Iterable[bytes], body: WsgiBody) -> None:
        self._answer = answer
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer
        if not self._body.intake.is_complete:
            self._body.drain()

    def close(self) -> None:
        try:
            close(self._answer)
        finally:
            self._body.intake.close()


def _status_line(status: int, reason: str = "") -> str:
    if not reason:
        reason = http.client.responses.get(status, "Unknown")
    return f"{status} {reason}"
