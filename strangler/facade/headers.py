"""Which header fields cross the facade, in either direction. Pure rules, the same for WSGI and ASGI.

Note [Who speaks for the client]: a service believes `Strangler-*` and `X-Forwarded-*`, so what a client sends
under these names is dropped at the door. `X-Forwarded-*` is kept only when a proxy of ours, which sets them
itself, stands before the facade.

Source: RFC 9110 §7.6.1 (hop-by-hop fields), httpoxy (`Proxy`), nginx (names with underscores are dropped, since
a WSGI server behind can't tell them from dashes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from strangler.facade.request import Fields, Incoming

METHODS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
"""A request of these says how long its body is even when it has none."""

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "http2-settings"}
)
_NEVER_NAMED = frozenset({"authorization", "content-type", "set-cookie"})
_SPOOFABLE = frozenset({"x-real-ip"})
_REWRITTEN = frozenset({"host", "cookie", "content-length"})
_SERVERS_OWN = frozenset({"date", "server"})  # every WSGI and ASGI server adds its own; two would be wrong
_LOCATIONS = frozenset({"location", "content-location"})
_NO_LENGTH = frozenset({204, 304})
_NAME = re.compile(r"[!#$%&'*+\-.^`|~0-9A-Za-z]+")  # a token of RFC 9110 without the underscore
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What the header rules need to know besides the request.

    Args:
        is_behind_proxy: keep `X-Forwarded-*` and `Forwarded` of whoever connects.
        kept_cookies: names of the cookies that the service may see.
        ours: fields that the facade adds: `Strangler-Request-Id`, `Strangler-Principal`, …
    """

    is_behind_proxy: bool
    kept_cookies: frozenset[str]
    ours: Fields


def request_fields(incoming: Incoming, crossing: Crossing) -> Fields:
    """Return the fields of the request to the service, without those that frame its body."""
    named = _connection_options(incoming.values("connection"))
    fields = [
        (name, value)
        for name, value in incoming.fields
        if _may_go(name, is_behind_proxy=crossing.is_behind_proxy)
        and name.lower() not in named
        and _VALUE.fullmatch(value)
    ]
    if incoming.host:
        fields.insert(0, ("Host", incoming.host))
    cookie = _kept_cookies(incoming.values("cookie"), crossing.kept_cookies)
    if cookie:
        fields.append(("Cookie", cookie))
    return fields + _forwarded(incoming, is_behind_proxy=crossing.is_behind_proxy) + crossing.ours


def response_fields(
    fields: Fields, *, status: int, service_url: str, scheme: str, host: str, is_personal: bool
) -> Fields:
    """Return the fields of the service's answer as the client gets them.

    Args:
        status: of the answer.
        service_url: base URL of the service; a `Location` that points at it is turned to the public host.
        scheme: of the client's request.
        host: that the client asked for.
        is_personal: the service was told who the user is; shared caches learn it by `Vary`.
    """
    named = _connection_options([value for name, value in fields if name.lower() == "connection"])
    # A body without a length of its own has none here either, whatever else the service said.
    has_no_length = status == 204 or any(name.lower() == "transfer-encoding" for name, _ in fields)  # noqa: PLR2004
    kept, seen_length = [], has_no_length
    for name, value in fields:
        lower = name.lower()
        if not _may_return(name) or lower in named or not _VALUE.fullmatch(value):
            continue
        if lower == "content-length":
            if seen_length:
                continue
            seen_length = True
        if lower in _LOCATIONS and host:
            value = public_location(value, service_url=service_url, public=f"{scheme}://{host}")  # noqa: PLW2901
        kept.append((name, value))
    return _vary_on_cookie(kept) if is_personal else kept


def public_location(location: str, *, service_url: str, public: str) -> str:
    """Return *location* with the service's own origin replaced by *public*; others stay as they are."""
    service, target = urlsplit(service_url), urlsplit(location)
    if (target.scheme, target.netloc.lower()) != (service.scheme, service.netloc.lower()):
        return location
    path = target.path.removeprefix(service.path)
    return public + target._replace(scheme="", netloc="", path=path or "/").geturl()


def has_body(method: str, status: int) -> bool:
    """Whether an answer of *status* to *method* has a body at all."""
    return method != "HEAD" and status not in _NO_LENGTH


def _connection_options(values: list[str]) -> frozenset[str]:
    """Return the fields that a `Connection` field declares to be hop-by-hop."""
    if not values:
        return frozenset()
    named = {option.strip().lower() for value in values for option in value.split(",")}
    return frozenset(named - _NEVER_NAMED)


@lru_cache(maxsize=1024)
def _may_go(name: str, *, is_behind_proxy: bool) -> bool:
    """Whether a service may get a client's field of this name."""
    lower = name.lower()
    if lower in _HOP_BY_HOP or lower in _REWRITTEN or lower in _SPOOFABLE:
        return False
    if lower.startswith(("strangler-", "proxy")) or not _NAME.fullmatch(lower):
        return False
    if lower == "forwarded" or lower.startswith("x-forwarded-"):
        return is_behind_proxy and lower != "x-forwarded-for"  # …-for is appended to instead
    return True


@lru_cache(maxsize=1024)
def _may_return(name: str) -> bool:
    """Whether a client may get a service's field of this name."""
    lower = name.lower()
    if lower in _HOP_BY_HOP or lower in _SERVERS_OWN or lower.startswith(("strangler-", "proxy-")):
        return False
    return bool(_NAME.fullmatch(lower.replace("_", "-")))


def _kept_cookies(values: list[str], names: frozenset[str]) -> str:
    pairs = (pair.strip() for value in values for pair in value.split(";"))
    return "; ".join(pair for pair in pairs if pair.split("=", 1)[0].strip() in names)


def _forwarded(incoming: Incoming, *, is_behind_proxy: bool) -> Fields:
    chain = [incoming.peer] if _ADDRESS.fullmatch(incoming.peer) else []
    if not is_behind_proxy:
        said: Fields = [("X-Forwarded-Proto", incoming.scheme), ("X-Forwarded-Host", incoming.host)]
        return [("X-Forwarded-For", ", ".join(chain)), *said] if chain else said
    fields = [("X-Forwarded-For", ", ".join(incoming.values("x-forwarded-for") + chain))]
    if not incoming.value("x-forwarded-proto"):
        fields.append(("X-Forwarded-Proto", incoming.scheme))
    if not incoming.value("x-forwarded-host"):
        fields.append(("X-Forwarded-Host", incoming.host))
    return fields


def _vary_on_cookie(fields: Fields) -> Fields:
    """Say that the answer depends on the session, unless the service called it public."""
    caching = ",".join(value for name, value in fields if name.lower() == "cache-control").lower()
    vary = ",".join(value for name, value in fields if name.lower() == "vary")
    options = {option.strip().lower() for option in vary.split(",")}
    if "public" in caching or options & {"cookie", "*"}:
        return fields
    return [*fields, ("Vary", "Cookie")]
