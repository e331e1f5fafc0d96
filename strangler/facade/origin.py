"""The request as the origin of calls: same client, same side, for the calls that it makes as for its route."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from strangler.core.carried import CORRELATION, DECISION, TRACE
from strangler.core.origin import read_traceparent, within
from strangler.errors import TokenError
from strangler.facade import override
from strangler.facade.identity import IdentityUnavailableError, has_session, identify
from strangler.facade.visit import known_key, new_request_id

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strangler.core.decision import Decision, Side
    from strangler.facade.override import Override
    from strangler.facade.request import Incoming
    from strangler.facade.visit import Visit


class RequestOrigin:
    """A request; what it costs to look into it is paid by the first call that asks.

    Args:
        incoming: the request.
        key: on which the decision of its route hangs; empty for a request without a route, whose key is the
            cookie if it has one. No cookie is set there: see decision 0003.
    """

    def __init__(self, incoming: Incoming, *, key: str = "") -> None:
        self._incoming = incoming
        self._key = key

    @cached_property
    def key(self) -> str:
        """Key of its decisions; empty for a client without the cookie."""
        return self._key or known_key(self._incoming)

    def wish(self, seam: str) -> Side | None:
        """Return the side that a signed override asks for at *seam*."""
        wish = self._override
        if wish is None or not wish.covers(seam, now=datetime.now(UTC)):
            return None
        return wish.side if not wish.staff_only or self._is_staff else None

    @cached_property
    def _override(self) -> Override | None:
        token = override.token_of(self._incoming)
        try:
            return override.read(token) if token else None
        except TokenError:
            return None

    @cached_property
    def _is_staff(self) -> bool:
        try:
            return has_session(self._incoming) and identify(self._incoming.cookies()).is_staff
        except IdentityUnavailableError:
            return False  # whoever can't be recognised has no wishes


def working_on(incoming: Incoming) -> AbstractContextManager[None]:
    """Return the block in which the application answers a request that has no route."""
    return within(RequestOrigin(incoming), facts=_facts(incoming, request_id=new_request_id()))


def working_on_visit(visit: Visit, decision: Decision) -> AbstractContextManager[None]:
    """Return the block in which the application answers a request that *decision* gave to legacy."""
    facts = _facts(visit.incoming, request_id=visit.request_id)
    facts[DECISION] = str(decision)
    return within(RequestOrigin(visit.incoming, key=visit.key), facts=facts)


def _facts(incoming: Incoming, *, request_id: str) -> dict[str, str]:
    facts = {CORRELATION: request_id}
    trace = read_traceparent(incoming.value("traceparent"))
    if trace:
        facts[TRACE] = trace
    return facts
