"""A request as the rules see it: the same whether it came by WSGI or ASGI."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import parse_cookie

from strangler.conf import config
from strangler.core.topology import SAFE_METHODS
from strangler.facade.framing import NO_BODY, Framing, read_framing
from strangler.facade.target import raw_path_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

Fields = list[tuple[str, str]]
"""Header fields in order, with duplicates; values are latin-1 text, as WSGI and HTTP/1.1 have them."""


class Incoming:
    """What a client asked for; a value, never changed.

    Args:
        method: upper case.
        path: decoded, as Django resolves it.
        raw_path: as the client sent it, without the script name; empty where the server does not tell.
        query: undecoded, without the question mark.
        scheme: `http` or `https`, as the server believes it, which knows nothing of a proxy on another machine.
        peer: address of who connected; empty for a Unix socket.
        fields: the header fields.
        is_delimited: the protocol marks the end of a body itself (HTTP/2).
        can_stream: the server tells where a body of unknown length ends.
    """

    def __init__(  # noqa: PLR0913 - a request has that many parts
        self,
        *,
        method: str,
        path: str,
        raw_path: str = "",
        query: str = "",
        scheme: str = "http",
        peer: str = "",
        fields: Fields | None,
        is_delimited: bool = False,
        can_stream: bool = True,
    ) -> None:
        self.method = method
        self.path = path
        self._raw_path = raw_path
        self.query = query
        self._scheme = scheme
        self.peer = peer
        self.is_delimited = is_delimited
        self.can_stream = can_stream
        self._fields: Fields | None = fields

    @property
    def raw_path(self) -> str:
        """The path as the client sent it, without the script name; empty where the server does not tell."""
        return self._raw_path

    @property
    def scheme(self) -> str:
        """`http` or `https`, as the proxy in front says where it is ours, else as the server believes it."""
        said = self.value("x-forwarded-proto") if config().is_behind_proxy else ""
        return said if said in _SCHEMES else self._scheme

    @property
    def fields(self) -> Fields:
        """The header fields in order."""
        if self._fields is None:
            self._fields = self._list_fields()
        return self._fields

    def _list_fields(self) -> Fields:
        """Return the fields of a request that lists them only when somebody asks."""
        raise NotImplementedError

    def values(self, name: str) -> list[str]:
        """Return all values of field *name* (lower case), in order."""
        return [value for key, value in self.fields if key.lower() == name]

    def value(self, name: str) -> str:
        """Return the first value of field *name* (lower case), or an empty text."""
        return next(iter(self.values(name)), "")

    @property
    def is_safe(self) -> bool:
        """Whether the method promises to change nothing."""
        return self.method in SAFE_METHODS

    @property
    def host(self) -> str:
        """The `Host` that the client asked for."""
        return self.value("host")

    def cookies(self) -> Mapping[str, str]:
        """Return the cookies as Django reads them."""
        values = self.values("cookie")
        return parse_cookie("; ".join(values)) if values else {}

    def cookie(self, name: str) -> str:
        """Return the value of one cookie, or an empty text; of several the last, as Django does."""
        return _last_cookie("; ".join(self.values("cookie")), name)

    def framing(self) -> Framing:
        """Return the extent of the body; raises BadFramingError where it is ambiguous."""
        return read_framing(
            self.values("content-length"), self.values("transfer-encoding"), is_delimited=self.is_delimited
        )


class WsgiIncoming(Incoming):
    """The request of a WSGI environ; its fields are listed only when a service shall have them."""

    def __init__(self, environ: WSGIEnvironment, path: str) -> None:
        super().__init__(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            scheme=environ["wsgi.url_scheme"],
            peer=environ.get("REMOTE_ADDR", ""),
            fields=None,
            can_stream=bool(environ.get("wsgi.input_terminated")),
        )
        self._environ = environ

    @property
    def raw_path(self) -> str:
        """The path as the client sent it."""
        uri = self._environ.get("RAW_URI") or self._environ.get("REQUEST_URI") or ""
        return raw_path_of(uri, script_name=self._environ.get("SCRIPT_NAME", "")) if uri else ""

    def cookie(self, name: str) -> str:
        """Return the value of one cookie, or an empty text; of several the last, as Django does."""
        return _last_cookie(self._environ.get("HTTP_COOKIE", ""), name)

    def framing(self) -> Framing:
        """Return the extent of the body; raises BadFramingError where it is ambiguous."""
        environ = self._environ
        if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
            return NO_BODY
        return super().framing()

    def _list_fields(self) -> Fields:
        """Return the header fields; a WSGI server has joined those that came more than once."""
        return [
            (_field_name(key), value)
            for key, value in self._environ.items()
            if key.startswith("HTTP_") or (key in _UNPREFIXED and value)
        ]

    def values(self, name: str) -> list[str]:
        """Return the values of field *name* (lower case)."""
        value = self._environ.get(_environ_key(name))
        # Some servers give an empty CONTENT_LENGTH for a request that has none.
        return [] if value is None or (not value and name in _MAY_BE_EMPTY) else [value]

    def value(self, name: str) -> str:
        """Return the value of field *name* (lower case), or an empty text."""
        value: str = self._environ.get(_environ_key(name), "")
        return value


class AsgiIncoming(Incoming):
    """The request of an ASGI scope."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        prefix = _script_name(scope)
        raw_path = (scope.get("raw_path") or b"").decode("latin-1")
        super().__init__(
            method=scope["method"].upper(),
            path=scope_path(scope),
            raw_path=raw_path_of(raw_path, script_name=prefix) if raw_path else "",
            query=(scope.get("query_string") or b"").decode("latin-1"),
            scheme=scope.get("scheme", "http"),
            peer=(scope.get("client") or ("",))[0] or "",
            fields=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
            is_delimited=scope.get("http_version", "1.1") not in _UNDELIMITED_VERSIONS,
        )


def scope_path(scope: Mapping[str, Any]) -> str:
    """Return the path of an ASGI scope as Django resolves it."""
    path: str = scope["path"]
    return path.removeprefix(_script_name(scope))


def _script_name(scope: Mapping[str, Any]) -> str:
    return settings.FORCE_SCRIPT_NAME or scope.get("root_path", "") or ""


_UNDELIMITED_VERSIONS = frozenset({"1.0", "1.1"})
_SCHEMES = frozenset({"http", "https"})
_UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_MAY_BE_EMPTY = frozenset({"content-type", "content-length"})


@lru_cache(maxsize=16)
def _cookie_pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|;)\s*{re.escape(name)}\s*=([^;]*)")


def _last_cookie(header: str, name: str) -> str:
    if name not in header:
        return ""
    found = _cookie_pattern(name).findall(header)
    return found[-1].strip() if found else ""


@lru_cache(maxsize=512)
def _field_name(key: str) -> str:
    return key.removeprefix("HTTP_").replace("_", "-").title()


@lru_cache(maxsize=512)
def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _UNPREFIXED else f"HTTP_{key}"
