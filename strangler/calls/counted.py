"""Which calls to services a piece of work makes, how long it waits for them, and where in the code they are made."""

from __future__ import annotations

import contextlib
import sys
import sysconfig
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from strangler.calls import wire
from strangler.conf import config
from strangler.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

    Address = tuple[str, int]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_TOOLKIT = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")} | {_TOOLKIT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCall:
    """One call to a service.

    Args:
        service: its name.
        what: method and URL.
        took: from the request to the head of the answer, or to the error.
        place: `file:line in function` of the code that made it.
        began: on the clock of `time.monotonic`, in seconds.
    """

    service: str
    what: str
    took: timedelta
    place: str
    began: float = 0.0

    def __str__(self) -> str:
        return f"{self.service}: {self.what}, {in_milliseconds(self.took)}, by {self.place}"


@dataclass
class ServiceCalls:
    """What was counted; complete when the block has ended.

    Args:
        urls: name → base URL of services, beside those that the settings name.
        calls: in the order of their ends.
    """

    urls: Mapping[str, str] = field(default_factory=dict)
    calls: list[ServiceCall] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many calls there were."""
        return len(self.calls)

    @property
    def took(self) -> timedelta:
        """How long they took, added up."""
        return sum((call.took for call in self.calls), timedelta(0))

    @property
    def waited(self) -> timedelta:
        """How long at least one was under way: what the work could have been faster by."""
        total, end = 0.0, float("-inf")
        for began, ended in sorted(
            (call.began, call.began + call.took.total_seconds()) for call in self.calls
        ):
            total += max(0.0, ended - max(began, end))
            end = max(end, ended)
        return timedelta(seconds=total)

    def note(self, url: str, what: str, *, began: float, place: str = "") -> None:
        """Add a call that ended now, if it was to a service; *place* is found where none is given."""
        service = self._addresses.get(_address(url))
        if service is not None:
            took = timedelta(seconds=time.monotonic() - began)
            found = ServiceCall(
                service=service, what=what, took=took, place=place or place_of_call(), began=began
            )
            self.calls.append(found)

    @cached_property
    def _addresses(self) -> dict[Address, str]:
        """Host and port → service; looked up at the first call, since most pages make none."""
        found: dict[Address, str] = {}
        for name in config().topology.services:
            with contextlib.suppress(ConfigurationError):  # one that has no URL here can't be called
                found[_address(config().service_url(name))] = name
        return found | {_address(url): name for name, url in self.urls.items()}


everywhere: list[ServiceCalls] = []
"""Who counts the calls of all threads: tests."""

_at_hand: ContextVar[ServiceCalls | None] = ContextVar("strangler_service_calls", default=None)


caller: ContextVar[str] = ContextVar("strangler_caller", default="unknown code")
"""Place of whoever handed work to a thread, in which there may be libraries only."""


@contextmanager
def counting() -> Iterator[ServiceCalls]:
    """Count the calls of the work at hand, in this thread or task and those that it hands its context to."""
    wire.install(note)
    counted = ServiceCalls()
    token = _at_hand.set(counted)
    try:
        yield counted
    finally:
        _at_hand.reset(token)


def note(url: str, what: str, *, began: float, place: str = "") -> None:
    """Tell whoever counts that a call to *url* ended now, which *began* on the clock of `time.monotonic`."""
    at_hand = _at_hand.get()
    for counted in everywhere if at_hand is None else (*everywhere, at_hand):
        counted.note(url, what, began=began, place=place)


def in_milliseconds(duration: timedelta) -> str:
    """Return *duration* for people."""
    return f"{duration / timedelta(milliseconds=1):.0f} ms"


def place_of_call() -> str:
    """Return where the code of the project is that is being executed: the innermost frame outside of libraries."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what `traceback` does, without reading the sources
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    if frame is None:
        return caller.get()
    path = Path(frame.f_code.co_filename)
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return f"{path}:{frame.f_lineno} in {frame.f_code.co_name}"


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 80))
