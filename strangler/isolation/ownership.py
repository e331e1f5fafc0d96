"""Whose a table is: what the topology gives to a service, and what a move has made of it so far.

Two questions are kept apart. Where a table belongs in the end is the topology's word: the guard goes by it, long before
anything moves. Who owns it now is the moves' word: the router goes by it. Until a move has switched a table it
stays with the monolith, if the monolith has its model; a table that was born in a service is the service's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils import timezone

from strangler.conf import config
from strangler.labels import tables_of
from strangler.tokens import MONOLITH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """All ownership at one moment.

    Args:
        services: table → the service that the topology gives it to.
        here: which of those tables have a model in this project.
        moved: table → who owns it by a move, a service or `monolith`.
        tables: label of a model in lower case → its table; also of models that are deleted by now.
        turning: table that may change its owner at any moment → id of the move whose fence is before it.
        is_split: no database but its owner's has a table; in tests with two databases.
    """

    services: Mapping[str, str] = field(default_factory=dict)
    here: frozenset[str] = frozenset()
    moved: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    turning: Mapping[str, int] = field(default_factory=dict)
    is_split: bool = False

    def service_of(self, table: str) -> str:
        """Return where *table* belongs in the end: a service, or `monolith`."""
        return self.services.get(table) or self.moved.get(table, MONOLITH)

    def mover_of(self, table: str) -> str:
        """Return the service that a moving *table* goes to or comes from."""
        services = config().topology.services
        return next(
            (name for name, each in services.items() if table in each.move_tables), ""
        ) or self.service_of(table)

    def holder_of(self, service: str) -> str:
        """Return who owns the tables that move between the monolith and *service* now; empty if no move has begun."""
        return next((owner for table, owner in self.moved.items() if self.mover_of(table) == service), "")

    def owner_of(self, table: str) -> str:
        """Return who owns *table* now: a service, or `monolith`."""
        return self.moved.get(table) or (
            MONOLITH if table in self.here else self.services.get(table, MONOLITH)
        )


def assign(tables: Mapping[str, str], *, owner: str) -> None:
    """Write down that *tables* are *owner*'s from now on; every process follows within `SNAPSHOT_INTERVAL`.

    Idempotent. Call it in the transaction that makes it true.
    Args:
        tables: table → label of its model, or an empty text.
        owner: a service, or `monolith`.
    """
    records = _records()
    for table, label in tables.items():
        values = {"label": label.lower(), "owner": owner, "changed_at": timezone.now()}
        records.update_or_create(table=table, defaults=values)


def announce(tables: Mapping[str, str], *, owner: str, fence: int) -> datetime:
    """Write down that *tables*, which are *owner*'s, may change hands from now on. Idempotent.

    Args:
        tables, owner: as `assign` takes them.
        fence: id of the move.
    Returns: when the last of them was written; whoever follows knows of it one `SNAPSHOT_INTERVAL` later.
    """
    turning = _records().filter(table__in=tables, fence=fence)
    if turning.count() < len(tables):
        assign(tables, owner=owner)
        _records().filter(table__in=tables).update(fence=fence)
    moments: list[datetime] = list(turning.values_list("changed_at", flat=True))
    return max(moments)


def changed_at(tables: Iterable[str]) -> datetime | None:
    """Return when it was last written whose *tables* are, or that they may change hands; None if it never was."""
    moment: datetime | None = (
        _records()
        .filter(table__in=list(tables))
        .order_by("-changed_at")
        .values_list("changed_at", flat=True)
        .first()
    )
    return moment


def settle(tables: Iterable[str]) -> None:
    """Write down that *tables* stay where they are, until `announce` says otherwise. Idempotent."""
    _records().filter(table__in=list(tables)).update(fence=0)


def changed_since(seen: Owners) -> str | None:
    """Return a table that was turning when *seen* was read and has another owner now, or None; one query."""
    now = _records().filter(table__in=list(seen.turning)).values_list("table", "owner")
    return next((table for table, owner in now if owner != seen.owner_of(table)), None)


def load() -> Owners:
    """Read the topology, and what moves have changed; one query."""
    records = list(_records().values_list("table", "label", "owner", "fence"))
    declared = from_topology()
    return Owners(
        services=declared.services,
        here=declared.here,
        moved=MappingProxyType({table: owner for table, _, owner, _ in records}),
        tables={**{label: table for table, label, _, _ in records if label}, **declared.tables},
        turning=MappingProxyType({table: fence for table, _, _, fence in records if fence}),
    )


def _records() -> Any:
    """Return the rows; asked of the registry, because a test plugin imports this before there are models."""
    return apps.get_model("strangler_isolation", "OwnershipRecord").objects.using(config().database)


def from_topology() -> Owners:
    """Return what the topology alone says."""
    found = [
        (label, table, name)
        for name, service in config().topology.services.items()
        for label in service.owns
        for table in tables_of(label)
    ]
    installed = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return Owners(
        services=MappingProxyType({table: name for _, table, name in found}),
        here=frozenset(table for _, table, _ in found if table in installed),
        tables={label.lower(): table for label, table, _ in reversed(found)},
    )
