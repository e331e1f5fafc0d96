"""Facts that travel with the work at hand, from a request or task into every message it sends.

The decision, the id of the request that it all began with, the trace: set once where work comes in, read where
messages go out, and nobody in between has to know.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CORRELATION = "correlation-id"
DECISION = "decision"
TRACE = "traceparent"

_carried: ContextVar[Mapping[str, str]] = ContextVar("strangler_carried", default=MappingProxyType({}))


def carried() -> Mapping[str, str]:
    """Return the facts that travel with the work at hand: name of a message header → value."""
    return _carried.get()


@contextmanager
def carry(headers: Mapping[str, str]) -> Iterator[None]:
    """Add *headers* to what travels with the work inside of the block."""
    token = _carried.set(MappingProxyType({**_carried.get(), **headers}))
    try:
        yield
    finally:
        _carried.reset(token)
