"""What happens when a service fails: the one table of fallbacks, for WSGI and ASGI alike.

    what failed            anything sent?   safe or idempotent route   other
    ---------------------  ---------------  -------------------------  ---------------------------
    breaker, principal     no               legacy                     legacy
    connect                no               legacy                     legacy
    timeout, reset, …      yes              legacy                     504 or 502, "may have been done"
    5xx answer             yes              legacy                     the service's answer as it is
    `Strangler-Moved`      nothing was done legacy                     legacy, if the body was kept
    4xx answer             yes              the service's answer       the service's answer

A route without a legacy side answers 503, 504 or 502 in every row where legacy is named, and passes 5xx through.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strangler.core.topology import Route
    from strangler.facade.request import Incoming

FIRST_SERVER_ERROR = 500
_OVERLOAD_STATUSES = frozenset({502, 503, 504})


class Cause(StrEnum):
    """Why a service gave no usable answer; the values appear in `Strangler-Fallback`."""

    BREAKER = "breaker"
    PRINCIPAL = "principal"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    STATUS = "status"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One attempt that ended without a usable answer.

    Args:
        cause: what went wrong.
        is_sent: a byte of the request may have reached the service.
        is_stale: it broke on a kept connection before the first byte of an answer, as happens when the service
            closes an idle one at the same moment: worth one more try on a new connection.
        status: of the answer, for `Cause.STATUS`.
        detail: for the log.
    """

    cause: Cause
    is_sent: bool = True
    is_stale: bool = False
    status: int = 0
    detail: str = ""

    @property
    def reason(self) -> str:
        """The word for headers and logs: `timeout`, `status-503`."""
        return f"status-{self.status}" if self.cause is Cause.STATUS else self.cause.value


def may_repeat(route: Route, incoming: Incoming) -> bool:
    """Whether the request may be done a second time, by legacy or on another connection."""
    return incoming.is_safe or route.is_idempotent


def may_fall_back(route: Route, incoming: Incoming, failure: Failure) -> bool:
    """Whether legacy may do the work now."""
    return route.has_legacy and (not failure.is_sent or may_repeat(route, incoming))


def refusal_status(failure: Failure) -> int:
    """Return the status for a client that gets neither side's answer."""
    if failure.cause is Cause.TIMEOUT:
        return 504
    return 502 if failure.is_sent else 503


def counts_against_service(failure: Failure) -> bool:
    """Whether the breaker hears of it.

    A 500 says that one request went wrong, not that the service is down; 502, 503 and 504 say that it is.
    """
    if failure.cause is Cause.STATUS:
        return failure.status in _OVERLOAD_STATUSES
    return failure.cause not in {Cause.BREAKER, Cause.PRINCIPAL, Cause.MOVED}
