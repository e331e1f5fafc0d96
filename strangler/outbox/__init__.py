"""Messages that are never lost: written in the sender's transaction, published by `strangler relay`.

`send()` writes one row; the relay's guarantees are in `strangler.outbox.relay`, the receiver's half is
`strangler.service.inbox`. The models are in `strangler.outbox.models`.

The names are loaded at their first use: Django imports this package before models can exist.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.core.carried import carried, carry
    from strangler.core.messages import Message, Priority
    from strangler.outbox.report import count_waiting
    from strangler.outbox.sending import send

__all__ = ["Message", "Priority", "carried", "carry", "count_waiting", "send"]

_HOMES = {
    "Message": "strangler.core.messages",
    "Priority": "strangler.core.messages",
    "carried": "strangler.core.carried",
    "carry": "strangler.core.carried",
    "count_waiting": "strangler.outbox.report",
    "send": "strangler.outbox.sending",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
