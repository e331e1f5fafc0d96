"""The processes of the topology as deployments need them: what each one is, how many there are, and how it is started."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from strangler.gateway.keepalive import processes
from strangler.gateway.site import MONOLITH, Site, host_name

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = "/data"  # in a container; a volume of its own
PORT = 8000  # of every web process in a container
_SHADOW = re.compile(r"\bstrangler shadow\b")
_QUEUE = re.compile(r"(?:-Q|--queues)[= ](\S+)")
_NICE = re.compile(r"nice(?:\s+-n?\s*(-?\d+))?\s")
_NICE_ALONE = 10  # what `nice` without a number means
_STEP = 1.25  # of the scheduler's weight, for each step of niceness


class Kind(StrEnum):
    """What a process is, by its name and its command line."""

    RELEASE = "release"  # runs to completion before the others
    WEB = "web"
    WORKER = "worker"  # of Celery; scaled by its queue
    ONLY = "only"  # beat and what else must not run twice
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One entry of `processes`.

    Args:
        member: `monolith` or a service.
        name: `worker`.
        line: the command line of the topology.
        settings: module of its Django settings.
        replicas: how many there are.
    """

    member: str
    name: str
    line: str
    settings: str
    replicas: int

    @property
    def kind(self) -> Kind:
        """What it is."""
        if self.name in {Kind.RELEASE, Kind.WEB}:
            return Kind(self.name)
        if re.search(r"\bcelery\b.* beat\b", self.line):
            return Kind.ONLY
        return Kind.WORKER if re.search(r"\bcelery\b.* worker\b", self.line) else Kind.OTHER

    @property
    def is_shadow_worker(self) -> bool:
        """Whether it takes captures: it has to be where web processes and workers of the monolith are."""
        return self.member == MONOLITH and bool(_SHADOW.search(self.line))

    @property
    def label(self) -> str:
        """Its name for containers, units and objects: `images` for the web process, `images-worker` for others."""
        return host_name(self.member if self.kind is Kind.WEB else f"{self.member}.{self.name}")

    @property
    def variable(self) -> str:
        """The variable that says how many of it a machine runs: `IMAGES_WORKER_REPLICAS`."""
        return f"{self.member}_{self.name}_replicas".upper().replace("-", "_")

    @property
    def queue(self) -> str:
        """The first queue that a worker reads."""
        found = _QUEUE.search(self.line)
        return found[1].split(",")[0] if found else "celery"

    @property
    def niceness(self) -> int:
        """How far it steps back for others on its machine, -20 to 19, as its line says: 10 for `nice -n 10 celery …`."""
        found = _NICE.match(self.line)
        return int(found[1] or _NICE_ALONE) if found else 0

    def weight(self, whole: int) -> int:
        """Return its weight among processes that weigh *whole*, which is what niceness means between control groups.

        Source: sched(7); the kernel's `sched_prio_to_weight` has a step of 1.25.
        """
        return max(1, round(whole / _STEP**self.niceness))

    @property
    def in_container(self) -> str:
        """The command line in a container, where a web process listens for the others too."""
        line = self.line.replace("127.0.0.1", "0.0.0.0") if self.kind is Kind.WEB else self.line  # noqa: S104
        return line.replace("$PORT", str(PORT)).replace("$STATE_DIR", DATA)

    @property
    def arguments(self) -> list[str]:
        """The words of that line."""
        return shlex.split(self.in_container)

    def option(self, *names: str, default: int) -> int:
        """Return the number that one of the options *names* has on the command line."""
        for name in names:
            found = re.search(rf"(?:^|\s){re.escape(name)}[= ]?(\d+)", self.line)
            if found:
                return int(found[1])
        return default


def all_processes(site: Site) -> list[Process]:
    """Return every process of *site*, member after member in the order of the file."""
    return [process for member in site.members for process in of_member(member, site)]


def of_member(member: str, site: Site) -> Iterator[Process]:
    """Yield the processes of the monolith or a service."""
    settings = settings_of(member, site)
    for name, line in processes(member, site).items():
        yield Process(
            member=member,
            name=name,
            line=line,
            settings=settings,
            replicas=site.replicas(f"{member}.{name}"),
        )


def settings_of(member: str, site: Site) -> str:
    """Return the module of the settings with which a member is deployed."""
    if member == MONOLITH:
        return site.gateway.settings or site.topology.monolith.settings
    return site.topology.services[member].settings
