"""How each engine says how far it has come, and how to wait until it has come further."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from strangler.core.gtids import GtidSet
from strangler.core.positions import Position

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from django.db.backends.base.base import BaseDatabaseWrapper

POLL_SECONDS = 0.002


class Dialect(Protocol):
    """What the room needs to know of an engine; every method may raise what the database raises."""

    def read_written(self, connection: BaseDatabaseWrapper) -> Position:
        """Return a position that covers all that was committed on this primary until now."""

    def read_reached(self, connection: BaseDatabaseWrapper) -> Position:
        """Return how far this server is, be it a replica or the primary itself."""

    def wait(self, connection: BaseDatabaseWrapper, position: Position, *, timeout: timedelta) -> bool:
        """Return whether this replica reaches *position* within *timeout*."""


class MariaDB:
    """Global transaction ids. Needs `log_bin` on the primary, and replicas with `MASTER_USE_GTID`."""

    def read_written(self, connection: BaseDatabaseWrapper) -> Position:
        """Return the end of the binary log."""
        return _gtids(_ask(connection, "SELECT @@gtid_binlog_pos"))

    def read_reached(self, connection: BaseDatabaseWrapper) -> Position:
        """Return what was applied, or written by the server itself."""
        return _gtids(_ask(connection, "SELECT @@gtid_current_pos"))

    def wait(self, connection: BaseDatabaseWrapper, position: Position, *, timeout: timedelta) -> bool:
        """Have the server wait, which wakes as soon as the transaction is applied."""
        if position.gtids.sources:
            return False  # of a MySQL that was here before
        # Only domain and number count there; the server's id is not known any more.
        text = ",".join(f"{domain}-1-{number}" for domain, number in position.numbers)
        seconds = timeout.total_seconds()
        return _ask(connection, "SELECT MASTER_GTID_WAIT(%s, %s)", [text, seconds]) == "0"


class MySQL:
    """Sets of global transaction ids. Needs `gtid_mode = ON` on all servers.

    What one connection committed (`session_track_gtids`) no driver of Django's tells, and it would be of one thread's connection only; so
    it is all that the primary has, as with the others.
    """

    def read_written(self, connection: BaseDatabaseWrapper) -> Position:
        """Return all that was committed here, or came from elsewhere."""
        return _gtid_set(_ask(connection, "SELECT @@GLOBAL.gtid_executed"))

    def read_reached(self, connection: BaseDatabaseWrapper) -> Position:
        """Return what was applied, or written by the server itself."""
        return self.read_written(connection)

    def wait(self, connection: BaseDatabaseWrapper, position: Position, *, timeout: timedelta) -> bool:
        """Have the server wait, which wakes as soon as the last transaction is applied."""
        if position.numbers:
            return False  # of a MariaDB that was here before; the server would wait for an empty set, and have it
        values: tuple[str | float, ...] = (str(position.gtids), timeout.total_seconds())
        return _ask(connection, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", values) == "0"


class PostgreSQL:
    """Places in the write-ahead log, of streaming replication."""

    def read_written(self, connection: BaseDatabaseWrapper) -> Position:
        """Return the end of the log. A commit that is not waited for may not be in the flushed part of it yet."""
        place = (
            "CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn() "
            "ELSE pg_current_wal_flush_lsn() END"
        )
        return _lsn(_ask(connection, f"SELECT {place}"))

    def read_reached(self, connection: BaseDatabaseWrapper) -> Position:
        """Return what was replayed; on the primary, all there is."""
        place = (
            "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END"
        )
        return _lsn(_ask(connection, f"SELECT {place}"))

    def wait(self, connection: BaseDatabaseWrapper, position: Position, *, timeout: timedelta) -> bool:
        """Ask again and again: servers before version 18 can't wait."""
        deadline = time.monotonic() + timeout.total_seconds()
        while time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            if self.read_reached(connection).covers(position):
                return True
        return False


_MYSQL = MySQL()
_DIALECTS: dict[str, Dialect] = {"mysql": MariaDB(), "postgresql": PostgreSQL()}
VENDORS = frozenset(_DIALECTS)
"""Engines with positions, as Django names them; `mysql` is MariaDB or MySQL."""


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    """Return how to talk to *connection* about positions; its engine is one of `VENDORS` (strangler.E080).

    Asks a server of `mysql` what it is, once per connection of a thread; may raise what the database raises.
    """
    if connection.vendor == "mysql" and not connection.mysql_is_mariadb:  # type: ignore[attr-defined]
        return _MYSQL
    return _DIALECTS[connection.vendor]


def _ask(connection: BaseDatabaseWrapper, sql: str, values: Sequence[str | float] = ()) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        (answer,) = cursor.fetchone()
    return "" if answer is None else str(answer)


def _gtids(text: str) -> Position:
    parts = (gtid.split("-") for gtid in text.split(",") if gtid)
    return Position.of(*((int(domain), int(number)) for domain, _, number in parts))


def _gtid_set(text: str) -> Position:
    return Position(gtids=GtidSet.parse(text))


def _lsn(text: str) -> Position:
    high, _, low = text.partition("/")
    return Position.of((0, (int(high, 16) << 32) + int(low, 16))) if text else Position()
