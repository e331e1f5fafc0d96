"""What has to be seen, as text that travels: in a visitor's cookie, in the header of a task's message."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.core import signing
from django.http.response import HttpResponseBase

from strangler.conf import config
from strangler.core.positions import Position
from strangler.replicas.freshness import Freshness, begin

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = TypeVar("Answer", bound=HttpResponseBase)

COOKIE = "strangler_position"
LONGEST_LAG = timedelta(days=1)
"""After so long a cookie is forgotten, so that a cluster that was set up anew is not waited for; a replica that is further behind is broken."""

TOLD_HEADER = "Strangler-Position"
"""Of an answer that has this header, the cookie comes in it: the gateway can take over but one `Set-Cookie`, the session's."""

_LONGEST = 1_500  # characters; browsers keep cookies of 4,096 bytes, and there may be several primaries
_SALT = "strangler.replicas"


def cookie_name(service: str) -> str:
    """Return the name of the cookie of *service*; empty for the monolith, whose databases are others."""
    return f"{COOKIE}_{service}" if service else COOKIE


class Visitor:
    """Who asks for a page, and has to see on it what the cookie says; a forged or old one says nothing.

    Args:
        cookies: of the request, with which the work at hand begins.
    """

    def __init__(self, cookies: Mapping[str, str]) -> None:
        self.work: Freshness = begin_visit(cookies)
        self._told_before = write(self.work)

    def end(self, answer: Answer) -> Answer:
        """Ask how far the primary is, if something was written, and return *answer* with what the next page has to show."""
        self.work.end()
        return self.tell(answer)

    def tell(self, answer: Answer) -> Answer:
        """Return *answer* with a cookie, if there is more to be seen than the visitor was told before."""
        text = write(self.work)
        if text != self._told_before:
            answer.set_cookie(
                cookie_name(config().service),
                signing.dumps(text, salt=_SALT),
                max_age=LONGEST_LAG,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            if answer.has_header(TOLD_HEADER):
                answer[TOLD_HEADER] = answer.cookies.pop(cookie_name(config().service)).OutputString()
        return answer


def begin_visit(cookies: Mapping[str, str]) -> Freshness:
    """Begin work that has to see what the cookie says; without a `Visitor`, where nobody is told anything new."""
    return begin(read(_told_by(cookies)))


def _told_by(cookies: Mapping[str, str]) -> str:
    value = cookies.get(cookie_name(config().service), "") if config().replicas else ""
    try:
        return str(signing.loads(value, salt=_SALT, max_age=LONGEST_LAG)) if value else ""
    except signing.BadSignature:
        return ""


def write(work: Freshness) -> str:
    """Return what those who come after *work* have to see, `default=0:12`; without a position: all there is then.

    So it is with a position that is too long for a cookie: whoever comes asks the primary.
    """
    told = {alias: str(position or "") for alias, position in sorted(work.told().items())}
    return ";".join(f"{alias}={text if len(text) <= _LONGEST else ''}" for alias, text in told.items())


def read(text: object) -> Freshness:
    """Return what `write` wrote; what nobody wrote, and what is about databases without replicas, counts as nothing."""
    pairs = [pair.partition("=") for pair in text.split(";")] if isinstance(text, str) and text else []
    known = {alias: position for alias, _, position in pairs if alias in config().replicas}
    try:
        needs = {alias: Position.parse(position) for alias, position in known.items() if position}
    except ValueError:
        return everything()
    return Freshness(needs, unsettled=[alias for alias, position in known.items() if not position])


def everything() -> Freshness:
    """Return the need to see all that is there, for work that may have been caused by any write."""
    return Freshness(unsettled=config().replicas)
