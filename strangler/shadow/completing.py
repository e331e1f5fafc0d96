"""Turn a draft into a capture: who asked, and which fields. In the worker, off the user's path."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.http import parse_cookie
from django.utils.http import parse_header_parameters

from strangler.conf import config
from strangler.core.capture import Capture, RecordedCall, RecordedRequest
from strangler.facade.identity import recognise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.core.observation import Headers, Observation
    from strangler.observing import Draft

MAX_FIELDS = 1_000
MASKED = "masked"
"""Stands for the value of a cookie that proves who somebody is."""


class SecretError(Exception):
    """The request has a field that is not to be stored; its argument is the field's name."""


def complete(draft: Draft) -> Capture:
    """Return the capture with all that *draft* lacks but its effects, which came with it.

    Raises:
        SecretError: it must not be stored.
        IdentityUnavailableError: who was logged in can't be read, and it would be replayed as nobody's.
    """
    capture = draft.capture
    control = _readable(capture.control)
    asked = capture.asked
    names = list(_call_names(asked.body)) if isinstance(asked, RecordedCall) else _request_names(asked)
    _refuse_secrets(names)
    if isinstance(asked, RecordedRequest):
        asked = _completed(asked, draft.cookie)
    return replace(capture, asked=asked, control=control)


def _completed(asked: RecordedRequest, cookie: str) -> RecordedRequest:
    cookies = parse_cookie(cookie) if cookie else {}
    principal = recognise(cookies) if settings.SESSION_COOKIE_NAME in cookies else None
    headers = asked.headers
    kept = {name: cookies[name] for name in config().shadow_cookies if name in cookies}
    kept.pop(settings.SESSION_COOKIE_NAME, None)
    if kept:
        headers = (*headers, ("Cookie", "; ".join(f"{name}={value}" for name, value in kept.items())))
    return replace(
        asked,
        headers=headers,
        principal=principal.claims() if principal else None,
        fields=tuple(sorted(set(field_names(asked)))),
    )


def field_names(asked: RecordedRequest) -> list[str]:
    """Return the names of a form's fields or a document's keys; none for another or an unreadable body."""
    kind, parameters = parse_header_parameters(_value(asked.headers, "content-type"))
    if kind == "application/x-www-form-urlencoded":
        pairs = parse_qsl(asked.body.decode("latin-1"), keep_blank_values=True)
        names = [name for name, _ in pairs]
    elif kind == "multipart/form-data":
        names = list(_part_names(asked.body, parameters.get("boundary", "")))
    elif kind == "application/json" or kind.endswith("+json"):
        names = list(_top_keys(asked.body))
    else:
        names = []
    return names[:MAX_FIELDS]


def _request_names(asked: RecordedRequest) -> list[str]:
    query = parse_qsl(urlsplit(asked.target).query, keep_blank_values=True)
    names = [name for name, _ in query] + field_names(asked)
    if "json" in _value(asked.headers, "content-type"):
        names += _call_names(_document(asked.body))
    return names


def _refuse_secrets(names: list[str]) -> None:
    for name in names:
        lower = name.lower().replace("-", "_")
        if any(fnmatchcase(lower, pattern) for pattern in config().shadow_secret_fields):
            raise SecretError(name)


def _call_names(value: Any) -> Iterator[str]:
    """Yield all keys of a JSON value, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _top_keys(body: bytes) -> Iterator[str]:
    document = _document(body)
    if isinstance(document, dict):
        yield from document


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _part_names(body: bytes, boundary: str) -> Iterator[str]:
    """Yield the names of a multipart form's parts; looks at their heads only, not at files."""
    mark = b"--" + boundary.encode("latin-1", errors="replace")
    place = body.find(mark) if boundary else -1
    while place >= 0:
        head_ends = body.find(b"\r\n\r\n", place)
        if head_ends < 0:
            return
        for line in body[place:head_ends].split(b"\r\n"):
            name, _, value = line.decode("utf-8", errors="replace").partition(":")
            if name.strip().lower() == "content-disposition":
                yield parse_header_parameters(value)[1].get("name", "")
        place = body.find(mark, head_ends)


def _readable(control: Observation) -> Observation:
    """Return *control* without a content coding and without what proves who somebody is."""
    headers = tuple(
        (name, _masked(value) if name.lower() == "set-cookie" else value) for name, value in control.headers
    )
    coding = _value(headers, "content-encoding").lower()
    if coding not in {"gzip", "deflate"} or not control.body:
        return replace(control, headers=headers)
    body = _decoded(control.body, coding)
    plain = [(name, value) for name, value in headers if name.lower() != "content-encoding"]
    lengths = {"content-length": str(len(body))}
    return replace(
        control, body=body, headers=tuple((name, lengths.get(name.lower(), value)) for name, value in plain)
    )


def _decoded(body: bytes, coding: str) -> bytes:
    limit = config().shadow_max_body_bytes
    window = 16 + zlib.MAX_WBITS if coding == "gzip" else zlib.MAX_WBITS
    decoder = zlib.decompressobj(window)
    plain = decoder.decompress(body, limit)
    if decoder.unconsumed_tail:
        raise gzip.BadGzipFile("larger than what is captured")
    return plain


def _masked(set_cookie: str) -> str:
    name, separator, rest = set_cookie.strip().partition("=")
    if name not in {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME} or not separator:
        return set_cookie
    value, semicolon, attributes = rest.partition(";")
    return f"{name}={MASKED if value.strip(chr(34)) else value}{semicolon}{attributes}"


def _value(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")
