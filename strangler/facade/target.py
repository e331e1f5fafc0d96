"""The path of a request: whether it may match a route, and what is sent to the service.

Note [One path, two readers]: the side is chosen by the path as Django resolves it, and the service resolves the
path again. A request target that decodes to anything else than the matched path could therefore reach, in the
service, what the decision never looked at. Such targets are written anew from the matched path.
"""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes, urlsplit

_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?%"


def is_plain(path: str) -> bool:
    """Whether *path* may be matched: no `.` or `..` segment, which a server behind might resolve, no NUL."""
    return (
        not ("/." in path and any(segment in {".", ".."} for segment in path.split("/"))) and "\0" not in path
    )


def request_target(path: str, *, raw_path: str, query: str, base: str = "") -> str:
    """Return the origin-form target that the service gets.

    Args:
        path: decoded, as it was matched.
        raw_path: as the client sent it, bytes as latin-1 text; used when it decodes to *path*, else *path* is quoted anew.
        query: undecoded, as the client sent it.
        base: path of the service's base URL.
    """
    target = quote(raw_path, safe=_PATH_SAFE + "%", encoding="latin-1", errors="replace")
    if not target.startswith("/") or unquote_to_bytes(target) != path.encode(errors="surrogateescape"):
        target = quote(path, safe=_PATH_SAFE, errors="surrogateescape")
    if query:
        target += "?" + quote(query, safe=_QUERY_SAFE, encoding="latin-1", errors="replace")
    return base + target


def raw_path_of(uri: str, *, script_name: str) -> str:
    """Return the path of a request line's *uri*, origin-form or absolute-form, without the script name."""
    path = uri if uri.startswith("/") else urlsplit(uri).path
    path = path.partition("?")[0].partition("#")[0]
    return path.removeprefix(script_name.rstrip("/"))
