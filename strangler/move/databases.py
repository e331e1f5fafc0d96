"""The two databases of a move: the monolith's own, and the one that the service's variable names.

Every move has connections of its own, so that neither its transactions nor its session settings meet those of requests.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from django.db import connections
from django.db.utils import load_backend

from strangler.conf import config, database_from_url
from strangler.errors import MoveError, did_you_mean
from strangler.isolation import meeting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.dialects.base import Dialect

_DIALECTS = {
    "mysql": ("strangler.move.dialects.mysql", "MySQLDialect"),
    "postgresql": ("strangler.move.dialects.postgresql", "PostgreSQLDialect"),
    "sqlite": ("strangler.move.dialects.sqlite", "SQLiteDialect"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two ends of a move. After a switch the same machinery runs on `swapped()`."""

    source: Dialect
    target: Dialect
    is_backward: bool = False
    """Whether the source is the service's database, as after a switch."""

    def swapped(self) -> Pair:
        """Return the pair that follows backwards."""
        return Pair(source=self.target, target=self.source, is_backward=not self.is_backward)

    def close(self) -> None:
        """Close both connections."""
        self.source.connection.close()
        self.target.connection.close()


def target_alias(service: str) -> str:
    """Return the alias of the service's database in this process."""
    return f"strangler_move_{service}"


def target_url(service: str) -> str:
    """Return the URL of the database of *service*.

    Raises:
        MoveError: the variable is not set.
    """
    variable = _variable(service)
    url = os.environ.get(variable, "")
    if not url:
        message = f"{variable} is not set, so nobody knows where the tables go. Set it to the service's database URL."
        raise MoveError(message, move=service)
    return url


def source_connection() -> BaseDatabaseWrapper:
    """Return a new connection to the monolith's database, apart from the one that requests use."""
    original = connections[config().database]
    made = _prepared(original.copy(alias=original.alias))
    meeting.leave_alone(made)
    return made


def target_connection(service: str) -> BaseDatabaseWrapper:
    """Return a new connection to the database of *service*."""
    url = target_url(service)
    made = connection_to(url, alias=target_alias(service), variable=_variable(service))
    meeting.leave_alone(made)
    return made


def _variable(service: str) -> str:
    services = config().topology.services
    if service not in services:
        raise MoveError(f"there is no such service.{did_you_mean(service, services)}", move=service)
    return services[service].database_variable


def connection_to(url: str, *, alias: str, variable: str = "DATABASE_URL") -> BaseDatabaseWrapper:
    """Return a new connection to the database at *url*, which no project needs to know."""
    entry = connections.configure_settings({"default": {}, alias: database_from_url(url, variable=variable)})[
        alias
    ]
    backend = load_backend(entry["ENGINE"])
    return _prepared(backend.DatabaseWrapper(entry, alias))


def _prepared(wrapper: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """Let either end be written to from a file, since a move may go back, and be used by the reader's thread."""
    if wrapper.vendor == "mysql":
        options = wrapper.settings_dict["OPTIONS"]
        wrapper.settings_dict["OPTIONS"] = {**options, "local_infile": True}
    wrapper.inc_thread_sharing()
    return wrapper


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    """Return what speaks with *connection*.

    Raises:
        MoveError: no move can speak with this engine.
    """
    if connection.vendor not in _DIALECTS:
        known = ", ".join(_DIALECTS)
        raise MoveError(
            f"{connection.vendor} is no engine that tables move from or to: {known}.", move=connection.alias
        )
    module, name = _DIALECTS[connection.vendor]
    dialect: Dialect = getattr(import_module(module), name)(connection)
    return dialect


@contextmanager
def open_replicas(service: str) -> Iterator[tuple[Dialect, ...]]:
    """Open the source's replicas that the topology names for the move to *service*, to ask for their lag."""
    aliases = config().topology.services[service].move_replicas
    replicas = tuple(dialect_of(_prepared(connections[alias].copy())) for alias in aliases)
    try:
        yield replicas
    finally:
        for replica in replicas:
            replica.connection.close()


@contextmanager
def open_pair(service: str, *, is_backward: bool = False) -> Iterator[Pair]:
    """Open both ends of the move to *service*, with their sessions prepared, and close them in the end.

    Args:
        is_backward: from the service's database to the monolith's, as after a switch.
    """
    here, there = dialect_of(source_connection()), dialect_of(target_connection(service))
    source, target = (there, here) if is_backward else (here, there)
    pair = Pair(source=source, target=target, is_backward=is_backward)
    try:
        pair.source.open_source()
        pair.target.open_target()
        yield pair
    finally:
        pair.close()
