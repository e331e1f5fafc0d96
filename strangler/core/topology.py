"""What exists: services, seams, who owns which table. Read from `strangler.toml`, the one list of them.

Topology
├── monolith: Monolith          settings, processes
└── services: {name: Service}   settings, processes, owns
    └── routes: (Route, …)      path, methods, limits
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.core import topology_file
from strangler.core.paths import Kind
from strangler.core.seams import SAFE_METHODS, Monolith, Route, Service
from strangler.errors import TopologyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["SAFE_METHODS", "Monolith", "Route", "Service", "Topology"]


@dataclass(frozen=True)
class Topology:
    """All services and seams; an empty one leaves the site as it is."""

    monolith: Monolith = field(default_factory=Monolith)
    services: Mapping[str, Service] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def load(cls, path: Path) -> Topology:
        """Read the topology file at *path*.

        Raises:
            TopologyError: names the file, the key and the nearest known key.
        """
        monolith, services = topology_file.read(path)
        try:
            return cls(monolith=monolith, services=services)
        except TopologyError as error:
            raise TopologyError(error.message, where=path.name, hint=error.hint) from None

    def __post_init__(self) -> None:
        """Refuse seams of one name and routes between which only chance would choose."""
        seen: list[Route] = []
        for route in self.routes:
            for other in seen:
                _refuse_conflict(route, other)
            seen.append(route)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """All routes of all services, in the order of the file."""
        return tuple(route for service in self.services.values() for route in service.routes)

    @cached_property
    def seams(self) -> Mapping[str, Route]:
        """Seams by name."""
        return MappingProxyType({route.name: route for route in self.routes})

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


def _refuse_conflict(route: Route, other: Route) -> None:
    if route.name == other.name:
        raise TopologyError(
            f"there are two seams of this name, {other.path} and {route.path}.",
            where=route.name,
            hint="Give one of them another name.",
        )
    shared = sorted(route.methods & other.methods)
    if shared and route.pattern.overlaps(other.pattern):
        raise TopologyError(
            f"{route.path} overlaps {other.path} of {other.name} for {', '.join(shared)}.",
            where=route.name,
            hint="Make one path more specific, or give them different methods.",
        )
