"""The other side of the bridge, and how it is asked: server to server, each request signed by a principal of ours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from os import register_at_fork
from typing import TYPE_CHECKING, Any

import pybreaker
import urllib3

from strangler.conf import config
from strangler.core.principal import Principal
from strangler.errors import ConfigurationError, PeerUnavailableError
from strangler.tokens import MONOLITH, PRINCIPAL_HEADER, sign_principal

if TYPE_CHECKING:
    from collections.abc import Mapping

_READ_SECONDS = 2.0
_CONNECTIONS = 8
_FAILURES = 3
_RESET_SECONDS = 2
_GOOD = frozenset({200, 204})
_UNKNOWN = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is asked: its name, which is the audience of what is signed for it, and its base URL."""

    name: str
    url: str


def own_name() -> str:
    """Return the name of this side."""
    return config().service or MONOLITH


def peer_name() -> str:
    """Return the name of the other side; empty in a monolith whose topology names no service to log in at."""
    if config().service:
        return MONOLITH
    login = config().topology.login
    return login.name if login is not None else ""


def ask(
    method: str, path: str, *, document: Any = None, headers: Mapping[str, str] | None = None
) -> Any | None:
    """Ask the other side, and return its document; None for an empty answer.

    Raises:
        PeerUnavailableError: it does not answer in time, or with a status of its own.
    """
    try:
        peer = _peer()
        status, answer = _breaker().call(_exchange, peer, method, path, document, dict(headers or {}))
    except (
        pybreaker.CircuitBreakerError,
        ConfigurationError,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise PeerUnavailableError(peer_name(), reason=f"does not answer ({error})") from error
    if status == _UNKNOWN:
        return None
    if status not in _GOOD:
        raise PeerUnavailableError(peer.name, reason=f"answered {status} to {method} {path}")
    return answer


def _exchange(
    peer: Peer, method: str, path: str, document: Any, headers: dict[str, str]
) -> tuple[int, Any | None]:
    token = sign_principal(Principal.for_service(own_name()), audience=peer.name)
    options: dict[str, Any] = {"headers": {**headers, PRINCIPAL_HEADER: token}, "redirect": False}
    if document is not None:
        options["json"] = document
    try:
        response = _pool().request(method, peer.url + path, **options)
    except urllib3.exceptions.ProtocolError:
        # A kept connection that the other side closed just then; every question may be asked twice.
        response = _pool().request(method, peer.url + path, **options)
    is_document = response.headers.get("Content-Type", "").startswith("application/json")
    return response.status, response.json() if is_document else None


def _peer() -> Peer:
    if config().service:
        return Peer(name=MONOLITH, url=config().legacy_url())
    name = peer_name()
    if not name:
        hint = "Name its session_cookie in the topology."
        raise ConfigurationError("There is no service to log in at.", hint=hint)
    return Peer(name=name, url=config().service_url(name))


@cache
def _pool() -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=config().connect_timeout.total_seconds(), read=_READ_SECONDS)
    return urllib3.PoolManager(timeout=timeout, retries=False, maxsize=_CONNECTIONS)


@cache
def _breaker() -> pybreaker.CircuitBreaker:
    """Return what leaves a side alone that hangs: otherwise each page would wait for it."""
    return pybreaker.CircuitBreaker(
        fail_max=_FAILURES, reset_timeout=_RESET_SECONDS, throw_new_error_on_trip=False
    )


def forget() -> None:
    """Begin anew: no connections, no failures."""
    _pool.cache_clear()
    _breaker.cache_clear()


register_at_fork(after_in_child=forget)  # a socket must not be shared with the parent
