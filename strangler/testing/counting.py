"""Which calls to services a piece of work makes, how long they take, and where in the code they are made.

What is seen: the facade's forwards, `http.client` and so urllib3 and requests, and httpx; in all threads of the process.
"""

from __future__ import annotations

import contextlib
import http.client
import sys
import sysconfig
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strangler.conf import config
from strangler.errors import ConfigurationError
from strangler.facade.asgi_exchange import AsgiExchanger
from strangler.facade.exchange import Exchanger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import FrameType

    from strangler.facade.conversation import Outgoing

    Address = tuple[str, int]

__tracebackhide__ = True  # a failure shows the line of the test, not ours

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
    """

    service: str
    what: str
    took: timedelta
    place: str

    def __str__(self) -> str:
        return f"{self.service}: {self.what}, {_milliseconds(self.took)}, by {self.place}"


@dataclass(slots=True)
class ServiceCalls:
    """What was counted; complete when the block has ended."""

    addresses: Mapping[Address, str]
    calls: list[ServiceCall] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many calls there were."""
        return len(self.calls)

    @property
    def took(self) -> timedelta:
        """How long they took together."""
        return sum((call.took for call in self.calls), timedelta(0))

    def note(self, address: Address, what: str, *, began: float, place: str) -> None:
        """Add a call if it was to a service."""
        service = self.addresses.get(address)
        if service is not None:
            took = timedelta(seconds=time.monotonic() - began)
            self.calls.append(ServiceCall(service=service, what=what, took=took, place=place))


_counting: list[ServiceCalls] = []


@contextmanager
def assert_service_calls(
    *,
    max: int | None = None,  # noqa: A002 - as it reads in a test
    within: timedelta | float | None = None,
    urls: Mapping[str, str] | None = None,
) -> Iterator[ServiceCalls]:
    """Fail if the block calls services more often, or for longer together, than it may.

    Args:
        max: most calls; None for any number.
        within: most time of all calls together, a duration or seconds; None for any.
        urls: name → base URL of services, beside those that the settings name.
    Raises: AssertionError: names each call, and where in the code it was made.
    """
    _install()
    counted = ServiceCalls(_addresses(urls or {}))
    _counting.append(counted)
    try:
        yield counted
    finally:
        _counting.remove(counted)
    budget = within if isinstance(within, timedelta | None) else timedelta(seconds=within)
    complaints = []
    if max is not None and counted.count > max:
        complaints.append(f"{counted.count} calls to services, at most {max} may be made")
    if budget is not None and counted.took > budget:
        complaints.append(
            f"calls to services took {_milliseconds(counted.took)}, {_milliseconds(budget)} is the budget"
        )
    if complaints:
        raise AssertionError("\n".join(["; ".join(complaints), *(f"  {call}" for call in counted.calls)]))


def _addresses(urls: Mapping[str, str]) -> dict[Address, str]:
    found: dict[Address, str] = {}
    for name in config().topology.services:
        with contextlib.suppress(ConfigurationError):  # one that has no URL here can't be called
            found[_address(config().service_url(name))] = name
    return found | {_address(url): name for name, url in urls.items()}


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 80))


def _milliseconds(duration: timedelta) -> str:
    return f"{duration / timedelta(milliseconds=1):.0f} ms"


def _place() -> str:
    """Return where the code of the project is that is being executed: the innermost frame outside of libraries."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - what `traceback` does, without reading the sources
    found = frame
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    found = frame or found
    if found is None:
        return "unknown code"
    path = Path(found.f_code.co_filename)
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return f"{path}:{found.f_lineno} in {found.f_code.co_name}"


def _note(address: Address, what: str, *, began: float, place: str) -> None:
    for counted in _counting:
        counted.note(address, what, began=began, place=place)


def _install() -> None:
    """Watch the ways to a service, once; httpx as soon as somebody has imported it."""
    _replace(http.client.HTTPConnection, "putrequest", _begun)
    _replace(http.client.HTTPConnection, "getresponse", _ended)
    _replace(Exchanger, "exchange", _forwarding)
    _replace(AsgiExchanger, "exchange", _forwarding_async)
    httpx = sys.modules.get("httpx")
    if httpx is not None:
        _replace(httpx.HTTPTransport, "handle_request", _handling)
        _replace(httpx.AsyncHTTPTransport, "handle_async_request", _handling_async)


def _replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    if not hasattr(getattr(owner, name), "strangler_watched"):
        replacement = wrap(getattr(owner, name))
        replacement.strangler_watched = True
        setattr(owner, name, replacement)


def _begun(original: Any) -> Any:
    @wraps(original)
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if _counting:
            self.strangler_asked = (f"{method} {url}", time.monotonic(), _place())
        return original(self, method, url, *args, **kwargs)

    return putrequest


def _ended(original: Any) -> Any:
    @wraps(original)
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            asked = self.__dict__.pop("strangler_asked", None)
            if asked is not None:
                what, began, place = asked
                _note((self.host, self.port), what, began=began, place=place)

    return getresponse


def _forwarding(original: Any) -> Any:
    @wraps(original)
    def exchange(self: Any, outgoing: Any, *args: Any, **kwargs: Any) -> Any:
        with _noting_forward(outgoing):
            return original(self, outgoing, *args, **kwargs)

    return exchange


def _forwarding_async(original: Any) -> Any:
    @wraps(original)
    async def exchange(self: Any, outgoing: Any, *args: Any, **kwargs: Any) -> Any:
        with _noting_forward(outgoing):
            return await original(self, outgoing, *args, **kwargs)

    return exchange


def _handling(original: Any) -> Any:
    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        with _noting(str(request.url), request.method, place=_place()):
            return original(self, request)

    return handle_request


def _handling_async(original: Any) -> Any:
    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        with _noting(str(request.url), request.method, place=_place()):
            return await original(self, request)

    return handle_async_request


def _noting_forward(outgoing: Outgoing) -> AbstractContextManager[None]:
    return _noting(f"{outgoing.service_url}{outgoing.target}", outgoing.method, place="the facade")


@contextmanager
def _noting(url: str, method: str, *, place: str) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        _note(_address(url), f"{method} {url}", began=began, place=place)
