"""Let the inner WSGI application answer a request to a matched route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.core.decision import Side
from strangler.facade import answers
from strangler.facade.context import DECISION_KEY, REQUEST_ID_KEY, set_decision
from strangler.facade.moved import MovedAway
from strangler.facade.origin import working_on_visit
from strangler.facade.policy import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from strangler.facade.answers import Refusal
    from strangler.facade.conversation import UseLegacy
    from strangler.facade.door import Door
    from strangler.facade.visit import Visit
    from strangler.facade.wsgi_body import WsgiBody

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class LegacyCall:
    """One call of the inner application: its answer passes as it is, with the fields of the visit added."""

    def __init__(
        self,
        door: Door,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        visit: Visit,
        ending: UseLegacy,
    ) -> None:
        self._door = door
        self._environ = environ
        self._start_response = start_response
        self._visit = visit
        self._ending = ending
        self._body: WsgiBody | None = None

    def needs_body(self) -> bool:
        """Whether the body must be given by the facade: part of it was read, or its length is not known."""
        return self._ending.needs_body(limit=self._visit.route.max_body_bytes)

    def give_body(self, body: WsgiBody) -> None:
        """Let the application read *body* instead of `wsgi.input`.

        After a failure of the service a body of unknown length gets one, since Django reads none without.
        Raises:
            BodyTooLargeError: it is larger than the route allows.
            ClientGoneError: it is cut short.
        """
        self._body = body
        if self._ending.fallback and self._ending.framing.length is None:
            body.intake.start_keeping()
            body.read_all()
            self._environ["CONTENT_LENGTH"] = str(body.intake.received)
            self._environ.pop("HTTP_TRANSFER_ENCODING", None)
        self._environ["wsgi.input"] = body.as_file()

    def run(self, application: WSGIApplication) -> Iterable[bytes] | Refusal:
        """Return the application's answer, or a refusal if it met the limit of the body."""
        self._environ[DECISION_KEY] = self._ending.decision
        self._environ[REQUEST_ID_KEY] = self._visit.request_id
        set_decision(self._ending.decision)
        try:
            with working_on_visit(self._visit, self._ending.decision):
                result = application(self._environ, self._start)
        except MovedAway:
            set_decision(None)
            raise
        except BaseException:
            set_decision(None)
            if self._is_over_limit:
                return self._refusal()
            self._count(FIRST_SERVER_ERROR)
            raise
        if self._is_over_limit:
            set_decision(None)
            close(result)
            return self._refusal()
        return self._wrap(result)

    @property
    def _is_over_limit(self) -> bool:
        return self._body is not None and self._body.is_too_large

    def _refusal(self) -> Refusal:
        limit = self._visit.route.max_body_bytes or 0
        return answers.too_large(self._visit.incoming, limit=limit)

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], object]:
        if self._is_over_limit:  # what the application says about a body that it could not read is not sent
            return _write_nothing
        self._count(int(status[:3]))
        fields = self._visit.answer_fields(side=Side.LEGACY, fallback=self._ending.fallback)
        if exc_info:
            return self._start_response(status, [*headers, *fields], exc_info)
        return self._start_response(status, [*headers, *fields])

    def _count(self, status: int) -> None:
        if not self._ending.fallback:  # that was counted on the service, which failed
            self._door.tally_status(self._ending.decision, status, took=self._visit.took())

    def _wrap(self, result: Iterable[bytes]) -> Iterable[bytes]:
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(result, wrapper):
            set_decision(None)  # the server sends the file itself, and knows it only by this type
            return result
        return _Answer(result, self._body)


class _Answer:
    """The application's answer; closing it ends the reach of `current_decision()`."""

    __slots__ = ("_body", "_result")

    def __init__(self, result: Iterable[bytes], body: WsgiBody | None) -> None:
        self._result = result
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._result)

    def close(self) -> None:
        try:
            close(self._result)
        finally:
            set_decision(None)
            if self._body is not None:
                self._body.intake.close()


def close(result: object) -> None:
    """Close what has a `close`, as WSGI asks for."""
    closer = getattr(result, "close", None)
    if closer is not None:
        closer()


def _write_nothing(_data: bytes) -> object:
    return None
