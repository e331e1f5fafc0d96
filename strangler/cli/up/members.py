"""Who `strangler up` can start: the monolith, every service, and the embedded broker and mail server."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from strangler.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from strangler.core.topology import Topology

RELEASE = "release"  # the process that runs to completion before the others start
_SCRIPTS = Path(__file__).resolve().parent
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One part of the running whole, with a port of its own.

    Args:
        name: as in `--only` and `--port`.
        variable: the environment variable that tells everybody where it listens.
        url: value of that variable, with `{port}` in it.
        port: the port it gets when nobody asks for another.
        settings: Django settings of its processes; empty for none.
        processes: name → command line, in order.
        is_replaceable: not started when *variable* already names a real server.
    """

    name: str
    variable: str
    url: str
    port: int
    settings: str = ""
    processes: Mapping[str, str]
    is_replaceable: bool = False

    def url_at(self, port: int) -> str:
        """Return the URL under which the others find it."""
        return self.url.format(port=port)

    def preferred_port(self, environ: Mapping[str, str]) -> int:
        """Return the port of its URL in the environment if that is on this machine, else its own."""
        parts = urlsplit(environ.get(self.variable, ""))
        return parts.port if parts.hostname in LOCAL_HOSTS and parts.port else self.port


def list_members(topology: Topology, *, state: Path) -> dict[str, Member]:
    """Return all members of *topology* by name; their data goes below *state*."""
    members = [_valkey(state), _smtp(state), _monolith(topology)]
    for offset, service in enumerate(topology.services.values(), start=1):
        members.append(
            Member(
                name=service.name,
                variable=service.url_variable,
                url="http://127.0.0.1:{port}",
                port=8000 + offset,
                settings=service.settings,
                processes=service.processes,
            ),
        )
    return {member.name: member for member in members}


def select(
    members: Mapping[str, Member],
    *,
    only: Collection[str],
    without: Collection[str],
    environ: Mapping[str, str],
) -> list[Member]:
    """Return the members to start, in order.

    Args:
        only: names to start; empty for all that the environment does not replace.
        without: names to leave out.
        environ: where BROKER_URL and EMAIL_URL may name real servers.
    Raises:
        ConfigurationError: a name that no member has, or nothing is left.
    """
    check_names([*only, *without], members)
    chosen = [
        member
        for member in members.values()
        if member.name not in without and (member.name in only if only else not _is_replaced(member, environ))
    ]
    if not chosen:
        raise ConfigurationError("Nothing is left to start.", hint="Name less in --except.")
    return chosen


def check_names(names: Collection[str], members: Mapping[str, Member]) -> None:
    """Refuse a name that no member has; raises ConfigurationError with the nearest one."""
    for name in names:
        if name not in members:
            raise ConfigurationError(
                f"`strangler up` starts nothing called {name!r}.{did_you_mean(name, members)}"
            )


def _is_replaced(member: Member, environ: Mapping[str, str]) -> bool:
    return member.is_replaceable and bool(environ.get(member.variable))


def _monolith(topology: Topology) -> Member:
    return Member(
        name="monolith",
        variable="MONOLITH_URL",
        url="http://127.0.0.1:{port}",
        port=8000,
        settings=topology.monolith.settings,
        processes=topology.monolith.processes,
    )


def _valkey(state: Path) -> Member:
    return Member(
        name="valkey",
        variable="BROKER_URL",
        url="redis://127.0.0.1:{port}/0",
        port=6379,
        processes=_script("run_valkey.py", state / "valkey"),
        is_replaceable=True,
    )


def _smtp(state: Path) -> Member:
    return Member(
        name="smtp",
        variable="EMAIL_URL",
        url="smtp://127.0.0.1:{port}",
        port=1025,
        processes=_script("run_smtp.py", state / "mail"),
        is_replaceable=True,
    )


def _script(name: str, directory: Path) -> Mapping[str, str]:
    """Return the process that runs the script *name*; -P keeps the script's own folder off its import path."""
    python, script, folder = (shlex.quote(str(each)) for each in (sys.executable, _SCRIPTS / name, directory))
    return MappingProxyType({"server": f"{python} -P {script} --port $PORT --directory {folder}"})
