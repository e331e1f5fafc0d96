"""One request to a matched route: who it is, which side does it, and what its answer says about that."""

from __future__ import annotations

import random
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.core.decision import Decision, Side, decide
from strangler.errors import TokenError
from strangler.facade import override
from strangler.facade.asked import failure_told

if TYPE_CHECKING:
    from strangler.core.stages import Rollout
    from strangler.core.topology import Route
    from strangler.facade.override import Override
    from strangler.facade.policy import Failure
    from strangler.facade.request import Fields, Incoming

_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request on its way to a side.

    Args:
        route: that matched.
        incoming: the request.
        key: on which the decision hangs.
        is_new: the client had no usable key, so the answer sets one.
        wish: verified override for this route and moment, not yet checked for staff.
        has_bad_wish: an override came that nobody signed, or whose time is over.
        request_id: of this request, new.
        told: what the gateway says came of asking the service; see Note [Asked once] in `asked`.
        began: when the facade got it, on the clock of `took`.
    """

    route: Route
    incoming: Incoming
    key: str
    is_new: bool
    wish: Override | None
    has_bad_wish: bool
    request_id: str
    told: Failure | None = None
    began: float = field(default_factory=time.perf_counter)

    def took(self) -> timedelta:
        """Return how long it has been on its way; both sides are timed to the head of their answer."""
        return timedelta(seconds=time.perf_counter() - self.began)

    def decide(self, rollout: Rollout, *, is_staff: bool) -> Decision:
        """Return which side does the work; *is_staff* matters only for a wish of staff."""
        wish = self.wish
        counts = wish is not None and (is_staff or not wish.staff_only)
        return decide(
            rollout,
            key=self.key,
            override=wish.side if wish is not None and counts else None,
            has_legacy=self.route.has_legacy,
        )

    @property
    def needs_staff_check(self) -> bool:
        """Whether the decision depends on who is logged in."""
        return self.wish is not None and self.wish.staff_only

    def answer_fields(self, *, side: Side, fallback: str = "") -> Fields:
        """Return what the answer says about this request."""
        fields = [("Strangler-Side", side.value), ("Strangler-Request-Id", self.request_id)]
        if fallback:
            fields.append(("Strangler-Fallback", fallback))
        if self.is_new:
            fields.append(("Set-Cookie", _set_key(self.key, is_secure=self.incoming.scheme == "https")))
        return fields


def begin(route: Route, incoming: Incoming) -> Visit:
    """Return the visit that *incoming* to *route* is."""
    key = known_key(incoming)
    wish, is_bad = _read_wish(override.token_of(incoming), route)
    return Visit(
        route=route,
        incoming=incoming,
        key=key or secrets.token_hex(16),
        # Without a legacy side there is nothing to decide, and a cookie would keep the answer out of caches.
        is_new=not key and route.has_legacy,
        wish=wish,
        has_bad_wish=is_bad,
        request_id=new_request_id(),
        told=failure_told(incoming),
    )


def new_request_id() -> str:
    """Return an id for a request; it has to be unique, not secret, so it costs no system call."""
    return f"{random.getrandbits(128):032x}"


def known_key(incoming: Incoming) -> str:
    """Return the key of decisions that a client's cookie has; empty if it has none of ours."""
    key = incoming.cookie(config().cookie_name)
    return key if _KEY.fullmatch(key) else ""


def _read_wish(token: str, route: Route) -> tuple[Override | None, bool]:
    if not token:
        return None, False
    try:
        wish = override.read(token)
    except TokenError:
        return None, True
    now = datetime.now(UTC)
    if wish.covers(route.name, now=now):
        return wish, False
    return None, wish.expires <= now


def _set_key(key: str, *, is_secure: bool) -> str:
    age = int(config().cookie_age.total_seconds())
    secure = "; Secure" if is_secure else ""
    return f"{config().cookie_name}={key}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax{secure}"
