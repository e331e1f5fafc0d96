"""The receiver's half of the outbox: a message has its effect exactly once, however often it is delivered.

`receive` turns a function into the body of a Celery task; `process` does the same for other consumers. What is
guaranteed is in `strangler.service.inbox.processing`. The model is in `strangler.service.models`.

The names are loaded at their first use: Django imports this package before models can exist.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.service.inbox.delivery import Delivery
    from strangler.service.inbox.parking import park
    from strangler.service.inbox.processing import Verdict, process
    from strangler.service.inbox.retention import forget
    from strangler.service.inbox.tasks import receive

__all__ = ["Delivery", "Verdict", "forget", "park", "process", "receive"]

_HOMES = {
    "Delivery": "strangler.service.inbox.delivery",
    "Verdict": "strangler.service.inbox.processing",
    "forget": "strangler.service.inbox.retention",
    "park": "strangler.service.inbox.parking",
    "process": "strangler.service.inbox.processing",
    "receive": "strangler.service.inbox.tasks",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
