"""What exists: services, seams, who owns which table. Read from `strangler.toml`, the one list of them.

Topology
├── monolith: Monolith          settings, processes
├── gateway: Gateway            names, limits, addresses, databases
└── services: {name: Service}   settings, processes, owns
    ├── routes: (Route, …)      path, methods, limits
    ├── calls: (Call, …)        task, queue, older names
    └── questions: (Question, …)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.core import topology_file
from strangler.core.gateway import Gateway
from strangler.core.paths import Kind
from strangler.core.seams import SAFE_METHODS, Call, Monolith, Question, Route, Seam, Service
from strangler.errors import TopologyError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SAFE_METHODS", "Call", "Monolith", "Question", "Route", "Seam", "Service", "Topology"]


@dataclass(frozen=True)
class Topology:
    """All services and seams; an empty one leaves the site as it is."""

    monolith: Monolith = field(default_factory=Monolith)
    services: Mapping[str, Service] = field(default_factory=lambda: MappingProxyType({}))
    gateway: Gateway = field(default_factory=Gateway)

    @classmethod
    def load(cls, path: Path) -> Topology:
        """Read the topology file at *path*.

        Raises:
            TopologyError: names the file, the key and the nearest known key.
        """
        return _parse(topology_file.read(path), path)

    def __post_init__(self) -> None:
        """Refuse seams of one name, and routes or tasks between which only chance would choose."""
        seen: list[Seam] = []
        for seam in self.all_seams:
            for other in seen:
                _refuse_conflict(seam, other)
            seen.append(seam)
        _refuse_two_logins([each for each in self.services.values() if each.session_cookie])
        self._refuse_strangers()

    @cached_property
    def login(self) -> Service | None:
        """The service at which people may log in, beside the monolith; None where there is none."""
        return next((each for each in self.services.values() if each.session_cookie), None)

    def _refuse_strangers(self) -> None:
        """Refuse addresses and replicas of what there is not."""
        members = {"monolith": self.monolith.processes}
        members |= {name: service.processes for name, service in self.services.items()}
        known = {f"{member}.{process}" for member, processes in members.items() for process in processes}
        for key, names, there in (
            ("servers", self.gateway.servers, {*members}),
            ("replicas", self.gateway.replicas, known),
        ):
            for name in names:
                if name not in there:
                    raise TopologyError(
                        f"{key} names {name!r}, which is not in the topology.",
                        where="[gateway]",
                        hint=did_you_mean(name, sorted(there)).strip(),
                    )

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """All routes of all services, in the order of the file."""
        return tuple(route for service in self.services.values() for route in service.routes)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """All calls of all services, in the order of the file."""
        return tuple(call for service in self.services.values() for call in service.calls)

    @cached_property
    def all_seams(self) -> tuple[Seam, ...]:
        """The seams of every service, its routes before its calls, and those before its questions."""
        found: list[Seam] = []
        for service in self.services.values():
            found += [*service.routes, *service.calls, *service.questions]
        return tuple(found)

    @cached_property
    def seams(self) -> Mapping[str, Seam]:
        """Seams by name."""
        return MappingProxyType({seam.name: seam for seam in self.all_seams})

    def match(self, method: str, path: str) -> Route | None:
        """Return the route of a request, the most specific one where several match, or None.

        Args:
            method: upper case.
            path: decoded, as Django resolves it, with the leading slash.
        """
        by_method = self._exact.get(path)
        if by_method is not None and method in by_method:
            return by_method[method]
        for literal, route in self._others:
            if path.startswith(literal) and method in route.methods and route.pattern.matches(path):
                return route
        return None

    @cached_property
    def ranked_routes(self) -> tuple[Route, ...]:
        """All routes in the order in which `match` tries them; what is rendered for other servers follows it."""
        exact = (route for route in self.routes if route.pattern.kind is Kind.EXACT)
        return (*exact, *(route for _, route in self._others))

    @cached_property
    def _exact(self) -> Mapping[str, Mapping[str, Route]]:
        table: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            if route.pattern.kind is Kind.EXACT:
                table.setdefault(route.path, {}).update(dict.fromkeys(route.methods, route))
        return table

    @cached_property
    def _others(self) -> tuple[tuple[str, Route], ...]:
        """Patterns with parameters before prefixes, longer literals before shorter ones."""
        others = [route for route in self.routes if route.pattern.kind is not Kind.EXACT]
        others.sort(key=lambda route: (route.pattern.kind, -len(route.pattern.literal)))
        return tuple((route.pattern.literal, route) for route in others)


def _refuse_two_logins(services: list[Service]) -> None:
    for other in services[1:]:
        raise TopologyError(
            f"has a session_cookie, and so has {services[0].name}.",
            where=other.name,
            hint="People log in at one service.",
        )


@lru_cache(maxsize=8)  # it is asked for anew wherever settings change, and never changes itself
def _parse(text: str, path: Path) -> Topology:
    monolith, services, gateway = topology_file.parse_text(text, path)
    try:
        return Topology(monolith=monolith, services=services, gateway=gateway)
    except TopologyError as error:
        raise TopologyError(error.message, where=path.name, hint=error.hint) from None


def _refuse_conflict(seam: Seam, other: Seam) -> None:
    if seam.name == other.name:
        raise TopologyError(
            f"there are two seams of this name, {other.place} and {seam.place}.",
            where=seam.name,
            hint="Give one of them another name.",
        )
    if isinstance(seam, Route) and isinstance(other, Route):
        _refuse_overlap(seam, other)
    if isinstance(seam, Call) and isinstance(other, Call):
        _refuse_ambiguity(seam, other)


def _refuse_overlap(route: Route, other: Route) -> None:
    shared = sorted(route.methods & other.methods)
    if shared and route.pattern.overlaps(other.pattern):
        raise TopologyError(
            f"{route.path} overlaps {other.path} of {other.name} for {', '.join(shared)}.",
            where=route.name,
            hint="Make one path more specific, or give them different methods.",
        )


def _refuse_ambiguity(call: Call, other: Call) -> None:
    """Refuse an older name that leads to two seams, or one task that is in two queues.

    Several calls may share a task: three mails, one `email.deliver`.
    """
    shared = {*call.aliases} & {*other.tasks} | {*other.aliases} & {*call.tasks}
    if shared:
        raise TopologyError(
            f"{min(shared)!r} is a task of {other.name} too, so nobody could tell which seam it is.",
            where=call.name,
            hint="Name an older task name in one seam only.",
        )
    if call.task == other.task and (call.service, call.queue) != (other.service, other.queue):
        raise TopologyError(
            f"{call.task!r} is in queue {call.queue!r} here and in {other.queue!r} of {other.name}.",
            where=call.name,
            hint="Give it one queue, or another name in the other service.",
        )
