"""The decision of the request at hand, for code that has no request object: tasks, log filters, clients."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strangler.core.decision import Decision

DECISION_KEY = "strangler.decision"
"""Where the decision is in a WSGI environ or an ASGI scope."""

REQUEST_ID_KEY = "strangler.request_id"
"""Where the id of the request is in a WSGI environ or an ASGI scope."""

_decision: ContextVar[Decision | None] = ContextVar("strangler_decision", default=None)


def current_decision() -> Decision | None:
    """Return the decision that the facade made for the request at hand, or None outside of a matched route."""
    return _decision.get()


def set_decision(decision: Decision | None) -> None:
    """Remember *decision* until the next call in this thread or task; the facade's own business."""
    _decision.set(decision)
