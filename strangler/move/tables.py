"""Which tables a move takes, and into which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.errors import MoveError, did_you_mean
from strangler.labels import model_of, tables_of_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from strangler.move.dialects.base import ForeignKey, TableShape


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePair:
    """One table on both ends; *number* is its place in the order of copying, from 1."""

    number: int
    source: TableShape
    target: TableShape

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that travel."""
        return tuple(column.name for column in self.source.stored)


def tables_of(service: str) -> dict[str, str]:
    """Return source table → target table of the move to *service*: `[services.NAME.move]`, or else what it owns.

    Raises:
        MoveError: there is no such service, or nothing of the monolith's that it owns.
    """
    services = config().topology.services
    if service not in services:
        raise MoveError(f"there is no such service.{did_you_mean(service, services)}", move=service)
    found = dict(services[service].move_tables) or _owned(services[service].owns)
    if not found:
        hint = f'Name them in strangler.toml: [services.{service}.move] tables = ["app_table"].'
        raise MoveError(f"nothing that it owns is a table of this project. {hint}", move=service)
    return found


def _owned(labels: Iterable[str]) -> dict[str, str]:
    """Return the tables of those models that this project has; others were born in the service."""
    tables: dict[str, str] = {}
    for label in labels:
        model = model_of(label)
        if model is not None:
            tables |= {name: name for name in tables_of_model(model)}
    return tables


def in_order(tables: Mapping[str, str], *, foreign_keys: Iterable[ForeignKey]) -> list[str]:
    """Return the source tables, those that others refer to first; circles stay in the order they were named."""
    parents: dict[str, set[str]] = {table: set() for table in tables}
    for key in foreign_keys:
        if key.table in parents and key.target_table in parents and key.table != key.target_table:
            parents[key.table].add(key.target_table)
    ordered: list[str] = []
    while parents:
        free = [table for table, needs in parents.items() if not needs & parents.keys()]
        chosen = free or [next(iter(parents))]
        ordered += chosen
        for table in chosen:
            del parents[table]
    return ordered
