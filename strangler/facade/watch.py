"""One request that is compared, while a side answers it: copies of both bodies within a bound, head, duration.

Shared by the WSGI and ASGI adapters, which only bring the bytes. See Note [The user never waits] in
`strangler.observing`: a chunk passes first-come, a copy of it stays, and past the bound nothing stays.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from strangler import observing
from strangler.conf import config
from strangler.core.capture import Capture, RecordedRequest
from strangler.core.observation import Observation
from strangler.facade.target import request_target
from strangler.observing import Draft, EffectsRecording, Loss

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from strangler.core.decision import Side
    from strangler.core.observation import Headers
    from strangler.core.stages import Rollout
    from strangler.facade.framing import Framing
    from strangler.facade.request import Incoming
    from strangler.facade.visit import Visit

_KEPT = frozenset(
    {
        "accept",
        "accept-language",
        "content-type",
        "content-language",
        "cache-control",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "origin",
        "range",
        "user-agent",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-requested-with",
    }
)
_NEVER = frozenset({"authorization", "cookie", "proxy-authorization"})
_NOT_THE_APPLICATIONS = frozenset({"connection", "date", "keep-alive", "server", "transfer-encoding"})


class Tee:
    """A copy of what passes, up to *limit* bytes; beyond it the copy is let go of."""

    __slots__ = ("_limit", "_pieces", "is_ended", "is_over", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self.size = 0
        self.is_over = False
        self.is_ended = False

    def take(self, piece: bytes) -> None:
        """Copy *piece*, which follows what was taken before."""
        if self.is_over:
            return
        self.size += len(piece)
        if self.size > self._limit:
            self.give_up()
        else:
            self._pieces.append(bytes(piece))

    def give_up(self) -> None:
        """Keep nothing, and take nothing more."""
        self.is_over = True
        self._pieces.clear()

    def end(self) -> None:
        """Take note that nothing follows."""
        self.is_ended = True

    def content(self) -> bytes:
        """Return all that was taken."""
        return b"".join(self._pieces)


class Watch:
    """What is noted of one request; `finish` hands it over.

    Args:
        visit: the request.
        side: that answers it: the control.
        framing: extent of its body.
    """

    def __init__(self, visit: Visit, side: Side, framing: Framing) -> None:
        limit = config().shadow_max_body_bytes
        self.asked = Tee(limit)
        self.answered = Tee(limit)
        self.recording = EffectsRecording()
        self._visit = visit
        self._side = side
        self._framing = framing
        self._limit = limit
        self._status = 0
        self._headers: Headers = ()
        self._error = ""
        self._captured_at = datetime.now(UTC)
        self._began = time.perf_counter()
        self._is_finished = False

    def answer(self, status: int, fields: Iterable[tuple[str, str]]) -> None:
        """Take note of the head of the answer; a later one replaces it, as WSGI allows."""
        self._status = status
        self._headers = tuple(answered_headers(fields))
        lengths = [value for name, value in self._headers if name.lower() == "content-length"]
        if lengths and lengths[0].isdigit() and int(lengths[0]) > self._limit and self._has_body:
            self.answered.give_up()

    def fail(self, error: BaseException) -> None:
        """Take note of the exception that the side raised instead of an answer, and hand over."""
        self._error = type(error).__name__
        self._status = 0
        self.answered.end()
        self.finish()

    def finish(self) -> None:
        """Hand over what was noted; the answer is delivered. Again does nothing."""
        self.recording.stop()
        if self._is_finished:
            return
        self._is_finished = True
        loss = self._loss()
        if loss is not None:
            observing.lose(self._visit.route.name, loss)
        else:
            observing.offer(self._draft())

    def abandon(self) -> None:
        """Hand over nothing: neither side answered, or the facade did."""
        self.recording.stop()
        self._is_finished = True

    @property
    def _has_body(self) -> bool:
        return self._visit.incoming.method != "HEAD"

    def _loss(self) -> Loss | None:
        if self.asked.is_over or self.answered.is_over:
            return Loss.TOO_LARGE
        length = self._framing.length
        is_asked = self.asked.is_ended if length is None else self.asked.size == length
        is_answered = (self.answered.is_ended or not self._has_body) and (self._status or self._error)
        return None if is_asked and is_answered else Loss.INCOMPLETE

    def _draft(self) -> Draft:
        visit, incoming = self._visit, self._visit.incoming
        took = timedelta(seconds=time.perf_counter() - self._began)
        capture = Capture(
            id=UUID(visit.request_id),
            seam=visit.route.name,
            asked=RecordedRequest(
                method=incoming.method,
                target=request_target(incoming.path, raw_path=incoming.raw_path, query=incoming.query),
                headers=tuple(asked_headers(incoming)),
                body=self.asked.content(),
            ),
            control=Observation(
                side=self._side,
                status=self._status,
                headers=self._headers,
                body=self.answered.content() if self._has_body else b"",
                duration=took,
                error=self._error,
            ),
            captured_at=self._captured_at,
        )
        cookie = "; ".join(incoming.values("cookie"))
        return Draft(capture=capture, cookie=cookie, effects=self.recording.effects)


def begin_watch(visit: Visit, rollout: Rollout, *, side: Side, framing: Framing) -> Watch | None:
    """Return the watch over a request, if it is one of those that are compared."""
    if not observing.is_wanted(visit.route, rollout):
        return None
    if (framing.length or 0) > config().shadow_max_body_bytes:
        observing.lose(visit.route.name, Loss.TOO_LARGE)
        return None
    return Watch(visit, side, framing)


def asked_headers(incoming: Incoming) -> Iterator[tuple[str, str]]:
    """Yield the header fields that matter to the answer: no cookie, nothing that proves who asks."""
    more = config().shadow_headers
    for name, value in incoming.fields:
        lower = name.lower()
        if lower in _NEVER:
            continue
        if lower in _KEPT or lower.startswith("hx-") or lower in more:
            yield name, value
        elif lower == "referer":
            yield name, urlsplit(value)._replace(query="", fragment="").geturl()


def answered_headers(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the header fields of an answer that the side's application gave it: not the server's, not ours."""
    ours = f"{config().cookie_name}="
    for name, value in fields:
        lower = name.lower()
        if lower in _NOT_THE_APPLICATIONS or lower.startswith("strangler-"):
            continue
        if lower != "set-cookie" or not value.startswith(ours):
            yield name, value
