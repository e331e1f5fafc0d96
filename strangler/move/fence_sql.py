"""The SQL of the fence, engine by engine.

Note [Fence]: one row per move and database. Before each write to a moving table a trigger reads it with a shared lock
that the writer keeps until it commits. Whoever changes the row locks it exclusively: writers in flight finish, those
that begin meanwhile wait, and see afterwards what it says then. A raised fence ends the write with an error of its
own, which `strangler.fences` recognises.

Note [The switch is the victim]: a writer that holds a row and waits for the fence, and one behind the fence that waits for that
row, make a circle with the switch. InnoDB ends it by rolling back who has changed least: always the switch, which
has changed nothing yet and tries again. PostgreSQL lets the switch's own short time-out end it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from strangler.fences import ADVISORY, FENCES, MYSQL_ERRNO, SQLSTATE, sentence
from strangler.move.dialects import mysql_log, postgresql_log
from strangler.move.dialects.base import Statement

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from strangler.move.dialects.base import Dialect

TABLE = FENCES
EVENTS = ("INSERT", "UPDATE", "DELETE")
_READ = f"SELECT is_raised FROM {TABLE} WHERE move_id = "  # noqa: S608 - the name is a constant


class FenceSQL(Protocol):
    """What the fence asks of an engine; each statement of DDL can be run again."""

    is_hasty: bool
    """Whether DDL after `haste` keeps no writer waiting, so that none can become a deadlock's victim by it."""

    def table(self) -> str:
        """Return the statement that makes the table of fences."""

    def triggers(self, table: str, *, move: int, number: int, service: str) -> dict[str, str]:
        """Return name → statement of what puts the check before each write to *table*."""

    def no_triggers(self, table: str, *, move: int, number: int) -> list[str]:
        """Return the statements that take the check away."""

    def patience(self, *, limit: timedelta) -> list[str]:
        """Return what lets the server end the transaction if its holder is silent for *limit*; before it begins."""

    def lock(self, *, move: int, within: timedelta) -> list[str]:
        """Return what locks the row exclusively, or fails after *within*; first in the transaction."""

    def haste(self) -> list[str]:
        """Return what lets DDL fail rather than wait for transactions, behind which the whole site would queue."""


def row_missing(*, move: int, is_raised: bool) -> Statement:
    """Return what makes the row of *move*, unless it is there."""
    there = f"(SELECT 1 FROM {TABLE} WHERE move_id = {int(move)})"  # noqa: S608
    values = f"SELECT {int(move)}, {int(is_raised)} FROM (SELECT 1 AS one) ones WHERE NOT EXISTS {there}"  # noqa: S608
    return Statement(sql=f"INSERT INTO {TABLE} (move_id, is_raised) {values}")


def trigger_name(move: int, number: int, event: str) -> str:
    """Return the name of the trigger that checks before *event*."""
    return f"{TABLE}_{move}_{number}_{event.lower()}"


class MySQLFence:
    """MariaDB and MySQL."""

    def __init__(self, quote: Callable[[str], str], *, is_mariadb: bool) -> None:
        """Remember how names are quoted; only MariaDB counts a statement's time in fractions of a second."""
        self._quote = quote
        self._is_mariadb = self.is_hasty = is_mariadb

    def table(self) -> str:
        """Return the statement that makes the table of fences."""
        return f"{_COMMON_TABLE} ENGINE=InnoDB"

    def triggers(self, table: str, *, move: int, number: int, service: str) -> dict[str, str]:
        """Return one BEFORE trigger per event; a move's own writes pass."""
        text = sentence(service, table).replace("'", "''")
        signal = f"SIGNAL SQLSTATE '{SQLSTATE}' SET MYSQL_ERRNO = {MYSQL_ERRNO}, MESSAGE_TEXT = '{text}'"
        body = (
            f"BEGIN DECLARE strangler_raised SMALLINT DEFAULT 0; IF {mysql_log.MOVER} IS NULL THEN "  # noqa: S608
            f"SELECT is_raised INTO strangler_raised FROM {TABLE} WHERE move_id = {int(move)} LOCK IN SHARE MODE; "
            f"IF strangler_raised THEN {signal}; END IF; END IF; END"
        )
        on = self._quote(table)
        names = {event: trigger_name(move, number, event) for event in EVENTS}
        return {
            name: f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {on} FOR EACH ROW {body}"
            for event, name in names.items()
        }

    def no_triggers(self, table: str, *, move: int, number: int) -> list[str]:
        """Return what drops them."""
        del table
        return [f"DROP TRIGGER IF EXISTS {trigger_name(move, number, event)}" for event in EVENTS]

    def patience(self, *, limit: timedelta) -> list[str]:
        """Let the server end a transaction that stays idle for *limit*, in whole seconds."""
        seconds = math.ceil(limit.total_seconds())
        name = "idle_transaction_timeout" if self._is_mariadb else "wait_timeout"
        return [f"SET SESSION {name} = {seconds}", f"SET SESSION innodb_lock_wait_timeout = {seconds}"]

    def lock(self, *, move: int, within: timedelta) -> list[str]:
        """Lock the row of the primary key."""
        limit = (
            f"SET STATEMENT max_statement_time = {within.total_seconds():.3f} FOR "
            if self._is_mariadb
            else ""
        )
        return [f"{limit}{_READ}{int(move)} FOR UPDATE"]

    def haste(self) -> list[str]:
        """Wait for no table's metadata; MySQL knows no less than a second."""
        return [f"SET SESSION lock_wait_timeout = {0 if self._is_mariadb else 1}"]


class PostgreSQLFence:
    """PostgreSQL, where an advisory lock queues fairly, as row locks do not: sharers could starve the switch.

    A transaction with an older snapshot than the switch would still see the fence lowered, so there the row itself is locked too:
    PostgreSQL then refuses to serialize it.
    """

    is_hasty = True  # it gives up long before PostgreSQL looks for deadlocks

    def __init__(self, quote: Callable[[str], str]) -> None:
        """Remember how names are quoted."""
        self._quote = quote

    def table(self) -> str:
        """Return the statement that makes the table of fences."""
        return _COMMON_TABLE

    def triggers(self, table: str, *, move: int, number: int, service: str) -> dict[str, str]:
        """Return a function and its trigger; TRUNCATE meets the fence as well. A move's own writes pass."""
        name, on = f"{TABLE}_{move}_{number}", self._quote(table)
        text = sentence(service, table).replace("'", "''").replace("%", "%%")
        read = f"SELECT is_raised INTO raised FROM {TABLE} WHERE move_id = {int(move)}"  # noqa: S608
        body = f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $strangler$
DECLARE raised smallint;
BEGIN
  IF COALESCE(current_setting('{postgresql_log.MOVER}', true), '') <> 'on' THEN
    PERFORM pg_advisory_xact_lock_shared({ADVISORY}, {int(move)});
    IF current_setting('transaction_isolation') = 'read committed' THEN {read};
    ELSE {read} FOR SHARE;
    END IF;
    IF raised <> 0 THEN RAISE EXCEPTION '{text}' USING ERRCODE = '{SQLSTATE}'; END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $strangler$"""
        rows = f"BEFORE INSERT OR UPDATE OR DELETE ON {on} FOR EACH ROW"
        every = f"{name}_all"
        return {
            f"{name}()": body,
            name: f"CREATE OR REPLACE TRIGGER {name} {rows} EXECUTE FUNCTION {name}()",
            every: f"CREATE OR REPLACE TRIGGER {every} BEFORE TRUNCATE ON {on} EXECUTE FUNCTION {name}()",
        }

    def no_triggers(self, table: str, *, move: int, number: int) -> list[str]:
        """Return what drops function and triggers."""
        name, on = f"{TABLE}_{move}_{number}", self._quote(table)
        drops = [f"DROP TRIGGER IF EXISTS {each} ON {on}" for each in (name, f"{name}_all")]
        return [*drops, f"DROP FUNCTION IF EXISTS {name}()"]

    def patience(self, *, limit: timedelta) -> list[str]:
        """Let the server end a transaction that stays idle for *limit*."""
        return [f"SET idle_in_transaction_session_timeout = {_milliseconds(limit)}"]

    def lock(self, *, move: int, within: timedelta) -> list[str]:
        """Take the advisory lock, then the row."""
        return [
            f"SET LOCAL lock_timeout = {_milliseconds(within)}",
            f"SELECT pg_advisory_xact_lock({ADVISORY}, {int(move)})",
            f"{_READ}{int(move)} FOR UPDATE",
        ]

    def haste(self) -> list[str]:
        """Wait a moment."""
        return ["SET lock_timeout = '20ms'"]


class SQLiteFence:
    """SQLite, where one writer at a time is the rule: the transaction itself is the lock."""

    is_hasty = True

    def __init__(self, quote: Callable[[str], str]) -> None:
        """Remember how names are quoted."""
        self._quote = quote

    def table(self) -> str:
        """Return the statement that makes the table of fences."""
        return _COMMON_TABLE

    def triggers(self, table: str, *, move: int, number: int, service: str) -> dict[str, str]:
        """Return one trigger per event. A move's own transactions lift the fence, unseen by others."""
        text = sentence(service, table).replace("'", "''")
        on, check = self._quote(table), f"FOR EACH ROW WHEN ({_READ}{int(move)})"
        names = {event: trigger_name(move, number, event) for event in EVENTS}
        return {
            name: f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {on} {check} "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
            for event, name in names.items()
        }

    def no_triggers(self, table: str, *, move: int, number: int) -> list[str]:
        """Return what drops them."""
        del table
        return [f"DROP TRIGGER IF EXISTS {trigger_name(move, number, event)}" for event in EVENTS]

    def patience(self, *, limit: timedelta) -> list[str]:
        """Wait no longer for another writer; nobody could end a silent holder, which is on this machine."""
        return [f"PRAGMA busy_timeout = {_milliseconds(limit)}"]

    def lock(self, *, move: int, within: timedelta) -> list[str]:
        """Write, so that the transaction is the writer even where it began as a reader."""
        del within
        return [f"UPDATE {TABLE} SET is_raised = is_raised WHERE move_id = {int(move)}"]  # noqa: S608

    def haste(self) -> list[str]:
        """Wait as ever: writers wait for each other all the time."""
        return []


_COMMON_TABLE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} (move_id BIGINT NOT NULL PRIMARY KEY, is_raised SMALLINT NOT NULL)"
)


def fence_sql(dialect: Dialect) -> FenceSQL:
    """Return the SQL of *dialect*'s engine."""
    if dialect.name == "mysql":
        is_mariadb: bool = dialect.connection.mysql_is_mariadb  # type: ignore[attr-defined]
        return MySQLFence(dialect.quote, is_mariadb=is_mariadb)
    return _OTHERS[dialect.name](dialect.quote)


_OTHERS: dict[str, Callable[[Callable[[str], str]], FenceSQL]] = {
    "postgresql": PostgreSQLFence,
    "sqlite": SQLiteFence,
}


def _milliseconds(duration: timedelta) -> int:
    return max(1, round(duration.total_seconds() * 1000))
