"""Choose a port for everybody who starts, before anybody does."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from strangler.errors import ConfigurationError, ProcessError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from strangler.cli.up.members import Member

HIGHEST = 65535


def is_free(port: int) -> bool:
    """Whether nobody listens on *port* of this machine; the answer may be old the moment it is given."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def assign(
    members: Iterable[Member],
    *,
    wanted: Mapping[str, int],
    environ: Mapping[str, str],
    is_free: Callable[[int], bool] = is_free,
) -> dict[str, int]:
    """Give each of *members* a port of its own.

    Args:
        wanted: name → port that it must get.
        environ: where a member's URL may name the port it should rather get.
        is_free: tells whether a port can be listened on.
    Returns: name → port; a member whose preferred port is taken gets the next free one.
    Raises:
        ProcessError: a wanted port is taken or wanted twice; names the port.
    """
    members = list(members)
    ports = {member.name: wanted[member.name] for member in members if member.name in wanted}
    _check_wanted(ports, is_free)
    for member in members:
        if member.name not in ports:
            ports[member.name] = _next_free(member.preferred_port(environ), set(ports.values()), is_free)
    return ports


def parse(texts: Iterable[str]) -> dict[str, int]:
    """Read `NAME=PORT` options; raises ConfigurationError for one that is not like that."""
    ports = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not name or not number.isascii() or not number.isdigit() or not 0 < int(number) <= HIGHEST:
            raise ConfigurationError(
                f"--port {text!r} is not NAME=PORT with a port from 1 to {HIGHEST}.",
                hint="Write it as --port monolith=8080.",
            )
        ports[name] = int(number)
    return ports


def _check_wanted(ports: Mapping[str, int], is_free: Callable[[int], bool]) -> None:
    holders: dict[int, str] = {}
    for name, port in ports.items():
        if port in holders:
            raise ProcessError(f"Port {port} is wanted by {holders[port]} and by {name}.", process=name)
        holders[port] = name
        if not is_free(port):
            raise ProcessError(
                f"Port {port}, wanted by {name}, is taken. Stop what listens there (`ss -ltnp 'sport = {port}'` "
                f"shows it) or choose another: --port {name}=PORT.",
                process=name,
            )


def _next_free(first: int, used: Collection[int], is_free: Callable[[int], bool]) -> int:
    for port in range(first, HIGHEST + 1):
        if port not in used and is_free(port):
            return port
    raise ProcessError(f"No port from {first} on is free.", process="up")
