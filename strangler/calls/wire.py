"""The ways to a service that pages take: `http.client`, and so urllib3 and requests, and httpx.

They are replaced once per process, at the first piece of work that is counted; httpx as soon as somebody has imported it.
"""

from __future__ import annotations

import http.client
import sys
import time
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Note(Protocol):
    """Who is told that a call ended."""

    def __call__(self, url: str, what: str, *, began: float) -> None:
        """Take notice that a call to *url* ended now, which *began* on the clock of `time.monotonic`."""


def install(note: Note) -> None:
    """Have *note* told of every call of the process."""
    replace(http.client.HTTPConnection, "putrequest", _begun)
    replace(http.client.HTTPConnection, "getresponse", lambda original: _ended(original, note))
    httpx = sys.modules.get("httpx")
    if httpx is not None:
        replace(httpx.HTTPTransport, "handle_request", lambda original: _handling(original, note))
        replace(
            httpx.AsyncHTTPTransport,
            "handle_async_request",
            lambda original: _handling_async(original, note),
        )


def replace(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Replace the method *name* of *owner* by what *wrap* makes of it; again does nothing."""
    original = getattr(owner, name, None)
    if original is not None and not hasattr(original, "strangler_watched"):
        replacement = wrap(original)
        replacement.strangler_watched = True
        setattr(owner, name, replacement)


def _begun(original: Any) -> Any:
    @wraps(original)
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        self.strangler_asked = (f"{method} {url}", time.monotonic())
        return original(self, method, url, *args, **kwargs)

    return putrequest


def _ended(original: Any, note: Note) -> Any:
    @wraps(original)
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            asked = self.__dict__.pop("strangler_asked", None)
            if asked is not None:
                what, began = asked
                note(f"//{_host(self.host)}:{self.port}", what, began=began)

    return getresponse


def _host(host: str) -> str:
    """Return *host* as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _handling(original: Any, note: Note) -> Any:
    @wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        began = time.monotonic()
        try:
            return original(self, request)
        finally:
            note(str(request.url), f"{request.method} {request.url}", began=began)

    return handle_request


def _handling_async(original: Any, note: Note) -> Any:
    @wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        began = time.monotonic()
        try:
            return await original(self, request)
        finally:
            note(str(request.url), f"{request.method} {request.url}", began=began)

    return handle_async_request
