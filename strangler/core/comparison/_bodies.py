"""Bodies by their content type; what can't be read as its type says is compared by digest."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._headers import parameters_of
from strangler.core.comparison._html import UnreadableError, compare_trees, parse_html, parse_xml
from strangler.core.comparison._images import compare_images
from strangler.core.comparison._json import compare_json
from strangler.core.comparison._tables import compare_csv, compare_xlsx
from strangler.core.comparison._values import compare_value
from strangler.core.comparison.difference import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path

_PATH: Path = ("body",)
_MAX_BODY = 8_000_000
_MAX_LINES = 20_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PDF_NOISE = re.compile(rb"/(?:CreationDate|ModDate)\s*\([^)]{0,60}\)|/ID\s*\[[^\]]{0,200}\]")
_TEXTS = {"application/javascript", "application/x-javascript", "application/x-www-form-urlencoded"}


def compare_bodies(context: Context, control: bytes, candidate: bytes, *, types: tuple[str, str]) -> None:
    """Compare two bodies.

    Args: types: their Content-Type headers, control's first.
    """
    if control == candidate and types[0] == types[1]:
        return
    one, two = (parameters_of(text) for text in types)
    name = one.get("", "")
    if name != two.get("", ""):
        _compare_digests(context, control, candidate, why="another content type")
        return
    if max(len(control), len(candidate)) > _MAX_BODY:
        _compare_digests(context, control, candidate, why="too large to be read")
        return
    try:
        _compare_as(context, name, (control, candidate), (one.get("charset", ""), two.get("charset", "")))
    except (UnreadableError, RecursionError) as error:
        why = str(error) if isinstance(error, UnreadableError) else "nested too deeply"
        _compare_digests(context, control, candidate, why=f"not readable as {name}: {why}")


def _compare_as(context: Context, name: str, bodies: tuple[bytes, bytes], charsets: tuple[str, str]) -> None:
    if name == _XLSX:
        compare_xlsx(context, _PATH, *bodies)
    elif name.startswith("image/") and name != "image/svg+xml":
        compare_images(context, _PATH, *bodies)
    elif reader := _reader_of(name):
        reader(context, *(_decoded(body, charset) for body, charset in zip(bodies, charsets, strict=True)))
    else:
        if name == "application/pdf":
            bodies = (_PDF_NOISE.sub(b"", bodies[0]), _PDF_NOISE.sub(b"", bodies[1]))
        _compare_digests(context, *bodies, why="")


def _reader_of(name: str) -> Callable[[Context, str, str], None] | None:
    if name == "application/json" or name.endswith("+json"):
        return _compare_json
    if name in {"text/html", "application/xhtml+xml"}:
        return compare_html
    if name in {"application/xml", "text/xml"} or name.endswith("+xml"):
        return _compare_xml
    if name == "text/csv":
        return _compare_csv
    return _compare_text if name.startswith("text/") or name in _TEXTS else None


def _decoded(body: bytes, charset: str) -> str:
    try:
        codec = codecs.lookup(charset or "utf-8").name
        return body.decode(codec, "replace") if codec != "idna" else body.decode("utf-8", "replace")
    except (LookupError, ValueError, TypeError, AssertionError):
        return body.decode("utf-8", "replace")


def _compare_json(context: Context, control: str, candidate: str) -> None:
    compare_json(context, (*_PATH, "$"), _read_json(control), _read_json(candidate))


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def compare_html(context: Context, control: str, candidate: str, *, path: Path = _PATH) -> None:
    """Compare two pages or fragments as trees."""
    one, two = parse_html(control), parse_html(candidate)
    if control.lstrip()[:9].lower() != candidate.lstrip()[:9].lower() and "<!doctype" in {
        control.lstrip()[:9].lower(), candidate.lstrip()[:9].lower(),
    }:  # fmt: skip
        context.add(Kind.VALUE, (*path, "doctype"), control.lstrip()[:15], candidate.lstrip()[:15])
    compare_trees(context, path, one, two)


def _compare_xml(context: Context, control: str, candidate: str) -> None:
    one, two = parse_xml(control), parse_xml(candidate)
    if one.tag != two.tag:
        context.add(Kind.VALUE, (*_PATH, "root"), one.tag, two.tag)
    else:
        compare_trees(context, _PATH, one, two)


def _compare_csv(context: Context, control: str, candidate: str) -> None:
    compare_csv(context, _PATH, control, candidate)


def _compare_text(context: Context, control: str, candidate: str) -> None:
    compare_text(context, _PATH, control, candidate)


def compare_text(context: Context, path: Path, control: str, candidate: str) -> None:
    """Compare two plain texts by line; the form of line ends and spaces at them say nothing."""
    lines = [
        [line.rstrip() for line in text.strip().splitlines()[:_MAX_LINES]] for text in (control, candidate)
    ]
    if len(lines[0]) != len(lines[1]):
        compare_json(context, (*path, "lines"), *lines)
        return
    for number, (one, two) in enumerate(zip(*lines, strict=True)):
        if one != two:
            compare_value(context, (*path, "lines", f"[{number}]"), one, two)


def _compare_digests(context: Context, control: bytes, candidate: bytes, *, why: str) -> None:
    if control == candidate:
        return
    digests = [
        f"{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()[:12]}" for body in (control, candidate)
    ]
    reason = f" ({why})" if why else ""
    context.add(Kind.DIGEST, _PATH, *(f"{digest}{reason}"[:200] for digest in digests))
