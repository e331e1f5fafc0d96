"""Headers by name: sets of words, cookies by theirs, locations as URLs, anything else as text."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from strangler.core.comparison._json import compare_json
from strangler.core.comparison._values import compare_url, compare_value
from strangler.core.comparison.difference import Kind

if TYPE_CHECKING:
    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path
    from strangler.core.observation import Headers

_SETS = {
    "vary", "cache-control", "allow", "access-control-allow-methods", "access-control-allow-headers",
    "access-control-expose-headers", "accept-patch", "accept-ranges", "pragma",
}  # fmt: skip
_URLS = {"location", "content-location", "hx-redirect", "hx-push-url"}
_INSENSITIVE = {"charset"}
_LIFETIME = {"max-age", "expires"}


def compare_headers(context: Context, control: Headers, candidate: Headers) -> None:
    """Compare the headers of two answers; their order says nothing."""
    one, two = _by_name(control), _by_name(candidate)
    for name in {**one, **two}:
        path = ("headers", name)
        if name not in two:
            context.add(Kind.MISSING, path, one[name])
        elif name not in one:
            context.add(Kind.EXTRA, path, None, two[name])
        else:
            _compare_header(context, path, one[name], two[name])
    compare_json(context, ("cookies",), _cookies(control), _cookies(candidate))


def _compare_header(context: Context, path: Path, control: str, candidate: str) -> None:
    name = path[-1]
    if name in _SETS:
        compare_value(context, path, _as_set(control), _as_set(candidate))
    elif name in _URLS:
        _compare_location(context, path, control, candidate)
    elif name in {"content-type", "content-disposition"}:
        compare_json(context, path, parameters_of(control), parameters_of(candidate))
    else:
        compare_value(context, path, " ".join(control.split()), " ".join(candidate.split()))


def _compare_location(context: Context, path: Path, control: str, candidate: str) -> None:
    """Compare two targets; the scheme is the front server's, and a path alone means the same host."""
    hosts = _host(control), _host(candidate)
    if all(hosts) and hosts[0] != hosts[1]:
        context.add(Kind.VALUE, path, control, candidate)
    else:
        compare_url(context, path, control, candidate, is_host_compared=False)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return url


def _by_name(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key != "set-cookie":
            found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _as_set(text: str) -> str:
    return ", ".join(sorted({"".join(part.lower().split()) for part in text.split(",")} - {""}))


def parameters_of(text: str) -> dict[str, str]:
    """Return a header such as Content-Type in parts: what it says, and each parameter; a boundary is left out."""
    message = Message()
    message["content-type"] = text.replace("\n", " ").replace("\r", " ")
    try:
        pairs = message.get_params(failobj=[])
    except (ValueError, LookupError, TypeError):
        return {"": text}
    found = {
        str(name).lower(): _parameter(str(name).lower(), value)
        for name, value in pairs
        if str(name).lower() != "boundary"
    }
    return {
        ("" if place == 0 else name): (name if place == 0 else found[name])
        for place, name in enumerate(found)
    }


def _parameter(name: str, value: object) -> str:
    text = str(value[2]) if isinstance(value, tuple) else str(value)
    return text.lower() if name in _INSENSITIVE else text


def _cookies(headers: Headers) -> dict[str, dict[str, str]]:
    return dict(_cookie(value) for name, value in headers if name.lower() == "set-cookie")


def _cookie(text: str) -> tuple[str, dict[str, str]]:
    first, *rest = text.split(";")
    name, _, value = first.partition("=")
    attributes = {}
    for part in rest:
        key, _, setting = part.partition("=")
        attributes[key.strip().lower()] = setting.strip()
    if "samesite" in attributes:
        attributes["samesite"] = attributes["samesite"].lower()
    if attributes.keys() >= _LIFETIME:
        del attributes["expires"]  # says the same as max-age, seen from now
    # The value is a field named after the cookie, so that a token is known by its name.
    return name.strip(), {"": "", **attributes, name.strip(): value.strip().strip('"')}
