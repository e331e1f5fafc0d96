"""No way out: connections and look-ups of names are refused while a sandbox is active in the thread or task at hand.

It is Python's sockets that are watched; the drivers of databases in C have their own, and pure Python ones are known by the address. What a
library in C opens by itself passes.
"""

from __future__ import annotations

import socket
import ssl
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import connections

from strangler.effects import at_hand
from strangler.errors import SandboxRefusedError
from strangler.service.sandbox.refusing import refuse

if TYPE_CHECKING:
    from collections.abc import Callable


def install() -> None:
    """Watch the sockets of this process; `hooks.install` calls it once."""
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _watched_by_address(getattr(socket.socket, name)))
    for kind in (socket.socket, ssl.SSLSocket):
        for name in ("send", "sendall", "sendmsg"):
            setattr(kind, name, _watched_by_peer(getattr(kind, name)))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, _watched_look_up(getattr(socket, name)))


def _watched_by_address(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: socket.socket, *args: Any) -> Any:
        if at_hand.keeper.get() is not None:
            _refuse_unless_database(args[-1])
        return original(self, *args)

    return call


def _watched_by_peer(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: socket.socket, *args: Any, **kwargs: Any) -> Any:
        if at_hand.keeper.get() is not None:
            try:
                peer = self.getpeername()
            except OSError:
                peer = ""
            if peer:  # a pair of sockets, with which a process talks to itself, has no name
                _refuse_unless_database(peer)
        return original(self, *args, **kwargs)

    return call


def _watched_look_up(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(host: Any, *args: Any, **kwargs: Any) -> Any:
        if at_hand.keeper.get() is not None and not _is_own(host):
            _refuse(f"look-up of {host}")
        return original(host, *args, **kwargs)

    return call


def _is_own(host: Any) -> bool:
    hosts = {each.settings_dict.get("HOST") for each in connections.all()}
    return host in {None, "", "localhost"} | hosts or _is_address(host)


def _is_address(host: Any) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except OSError:
            continue
        return True
    return False


def _refuse_unless_database(address: Any) -> None:
    for connection in connections.all():
        entry = connection.settings_dict
        host, port = entry.get("HOST") or "127.0.0.1", str(entry.get("PORT") or "")
        if (
            isinstance(address, tuple)
            and port
            and str(address[1]) == port
            and _is_same_host(address[0], host)
        ):
            return
        if isinstance(address, str) and host.startswith("/") and address.startswith(host):
            return
    _refuse(f"connection to {_told(address)}")


def _is_same_host(address: str, host: str) -> bool:
    return address == host or {address, host} <= {"127.0.0.1", "localhost", "::1"}


def _told(address: Any) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)


def _refuse(what: str) -> None:
    refuse(what, kind=SandboxRefusedError)
