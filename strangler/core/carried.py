"""Facts that travel with the work at hand, from a request or task into every message it sends.

The decision, the id of the request that it all began with, the trace: set once where work comes in, read where
messages go out, and nobody in between has to know.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

CORRELATION = "correlation-id"
DECISION = "decision"
TRACE = "traceparent"

_carried: ContextVar[Mapping[str, str]] = ContextVar("strangler_carried", default=MappingProxyType({}))


def carried() -> Mapping[str, str]:
    """Return the facts that travel with the work at hand: name of a message header → value."""
    return _carried.get()


class Carry:
    """The block in which *headers* travel with the work too; no generator, since every request enters one."""

    __slots__ = ("_headers", "_token")

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __enter__(self) -> None:
        self._token = _carried.set(MappingProxyType({**_carried.get(), **self._headers}))

    def __exit__(self, *_: object) -> None:
        _carried.reset(self._token)


def carry(headers: Mapping[str, str]) -> AbstractContextManager[None]:
    """Add *headers* to what travels with the work inside of the block."""
    return Carry(headers)
