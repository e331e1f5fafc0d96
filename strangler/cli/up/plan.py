"""What is started, in which order, and with which environment: decided before anything runs."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strangler.cli.up import ports as port_choice
from strangler.cli.up.members import RELEASE, check_names, list_members, select

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from strangler.cli.up.members import Member
    from strangler.core.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One process: `images.worker`, its command line and its whole environment."""

    name: str
    line: str
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that `strangler up` is going to do.

    Args:
        releases: run one after the other, each to completion.
        commands: run together, as long as all of them run.
        ports: name of a started member → its port.
        urls: name of a started member → where it is found.
        moved: names of members whose preferred port was taken → that port.
    """

    releases: tuple[Command, ...]
    commands: tuple[Command, ...]
    ports: Mapping[str, int]
    urls: Mapping[str, str]
    moved: Mapping[str, int]


def make_plan(
    topology: Topology,
    *,
    state: Path,
    environ: Mapping[str, str],
    wanted_ports: Mapping[str, int],
    only: Collection[str] = (),
    without: Collection[str] = (),
    with_release: bool = True,
) -> Plan:
    """Decide what to start; nothing is started.

    A port wanted for a member that is not started here says where the others find it.
    Raises:
        ConfigurationError: a name in *only*, *without* or *wanted_ports* that nobody has.
        ProcessError: a wanted port is taken.
    """
    members = list_members(topology, state=state)
    check_names(wanted_ports, members)
    chosen = select(members, only=only, without=without, environ=environ)
    ports = port_choice.assign(chosen, wanted=wanted_ports, environ=environ)
    shared = _shared_environ(members, {**wanted_ports, **ports}, environ=environ, state=state)
    commands = [command for member in chosen for command in _commands(member, ports[member.name], shared)]
    return Plan(
        releases=tuple(each for each in commands if _is_release(each)) if with_release else (),
        commands=tuple(each for each in commands if not _is_release(each)),
        ports=ports,
        urls={member.name: member.url_at(ports[member.name]) for member in chosen},
        moved={
            member.name: member.preferred_port(environ)
            for member in chosen
            if member.name not in wanted_ports and ports[member.name] != member.preferred_port(environ)
        },
    )


def _is_release(command: Command) -> bool:
    return command.name.endswith(f".{RELEASE}")


def _shared_environ(
    members: Mapping[str, Member],
    ports: Mapping[str, int],
    *,
    environ: Mapping[str, str],
    state: Path,
) -> dict[str, str]:
    """Return *environ* with the URL of every member, and with this interpreter's programs first on the path."""
    shared = {
        **environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",  # or the log would come in lumps
        "STATE_DIR": str(state),
    }
    for name, member in members.items():
        if name in ports:
            shared[member.variable] = member.url_at(ports[name])
        else:
            shared.setdefault(member.variable, member.url_at(member.port))
    return shared


def _commands(member: Member, port: int, shared: Mapping[str, str]) -> list[Command]:
    environ = {**shared, "PORT": str(port)}
    if member.name == "monolith":
        environ.setdefault("DJANGO_SETTINGS_MODULE", member.settings)  # `--settings` of the command wins
    else:
        # Inherited from manage.py it would be the monolith's, and a service's setdefault would not help.
        environ["DJANGO_SETTINGS_MODULE"] = member.settings
    return [
        Command(
            name=f"{member.name}.{process}", line=without_shell(line, path=environ["PATH"]), environ=environ
        )
        for process, line in member.processes.items()
    ]


def without_shell(line: str, *, path: str) -> str:
    """Return *line* so that the shell gives its place to the program, if the line is just one program's.

    Signals then reach the program first and its exit status is the one reported; dash would stay in between.
    """
    is_simple = not set(line) & set(";&|<>(){}`\n")
    return f"exec {line}" if is_simple and shutil.which(line.split(maxsplit=1)[0], path=path) else line
