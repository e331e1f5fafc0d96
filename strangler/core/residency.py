"""Where data is kept, and whether personal data would leave the regions that it may be in."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from strangler.core.topology import Topology

STORES = ("database", "broker", "storage")
"""What keeps data: tables, messages that wait, files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is.

    Args:
        region: `eu-west-1`; a part of every region that it begins with, up to a dash.
        is_personal: whether personal data comes there; None follows from the tables.
    """

    region: str
    is_personal: bool | None = None

    def is_within(self, regions: tuple[str, ...]) -> bool:
        """Whether it is in one of *regions*, or in a part of one."""
        return any(self.region == each or self.region.startswith(f"{each}-") for each in regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residency:
    """What the monolith or a service says about where its data is kept.

    Args:
        places: store → where it is; what a service does not name is where the monolith's is.
        allowed: regions that personal data may be in; the monolith says it for all. Empty: anywhere.
        personal: labels of models with personal data, `*` for any text; the monolith says it for all.
    """

    places: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    allowed: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A store in which personal data would be where it may not be.

    Args:
        owner: name of the service, or `monolith`.
        store: `database`, `broker` or `storage`.
        reason: what is wrong with it, for people.
    """

    owner: str
    store: str
    reason: str

    def __str__(self) -> str:
        return f"{self.store} of {self.owner}: {self.reason}"


def find_violations(topology: Topology) -> list[Violation]:
    """Return every store in which personal data would leave the allowed regions; nothing where all are allowed.

    Tables of a service are personal if it owns a model that is; its messages and files count as personal then too, unless
    `personal = false` says that none comes there. The monolith's stores count as personal.
    """
    rules = topology.monolith.residency
    if not rules.allowed:
        return []
    found = [
        Violation(owner="monolith", store=store, reason=reason)
        for store, place in rules.places.items()
        if place.is_personal is not False and (reason := _objection(place, rules, models=()))
    ]
    for name, service in topology.services.items():
        models = tuple(label for label in service.owns if _is_personal(label, rules))
        found += _violations_of(name, service.residency, rules, models=models)
    return found


def _violations_of(
    name: str, own: Residency, rules: Residency, *, models: tuple[str, ...]
) -> Iterator[Violation]:
    for store in STORES:
        place = own.places.get(store) or _inherited(rules.places.get(store))
        said = place.is_personal if place is not None else None
        if store == "database" and said is False and models:
            reason = f"it is said to have no personal data, and has {', '.join(models)}"
            yield Violation(owner=name, store=store, reason=reason)
        elif (bool(models) if said is None else said) and (reason := _objection(place, rules, models=models)):
            yield Violation(owner=name, store=store, reason=reason)


def _inherited(place: Place | None) -> Place | None:
    """Return the monolith's place for a service, which says itself what comes there."""
    return Place(region=place.region) if place is not None else None


def _objection(place: Place | None, rules: Residency, *, models: tuple[str, ...]) -> str:
    whose = f"personal data ({', '.join(models)})" if models else "personal data"
    if place is None:
        return f"nobody says in which region it is, and {whose} would come there"
    if place.is_within(rules.allowed):
        return ""
    return f"{whose} would be in {place.region}, and may only be in {', '.join(rules.allowed)}"


def _is_personal(label: str, rules: Residency) -> bool:
    return any(fnmatchcase(label, pattern) for pattern in rules.personal)
