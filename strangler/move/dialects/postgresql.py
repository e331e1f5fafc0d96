"""PostgreSQL, from version 14."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, OperationalError

from strangler.move.dialects import postgresql_log, postgresql_shape, postgresql_text
from strangler.move.dialects.base import Batch, Changes, Kind, Load, Statement
from strangler.move.dialects.common import CommonDialect

if TYPE_CHECKING:
    from strangler.move.dialects.base import Column, Columns, Key, TableShape

_RETRYABLE = ("40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08")
_FULL = ("53100",)


class PostgreSQLDialect(CommonDialect):
    """One connection to PostgreSQL."""

    name = "postgresql"
    SNAPSHOT = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)

    def introspect(self, table: str) -> TableShape:
        """Return what *table* is like now; raises LookupError."""
        return postgresql_shape.read(self.fetch, table)

    def estimate(self, table: str) -> tuple[int, int]:
        """Return about how many rows and bytes *table* has, by the planner's statistics."""
        sql = "SELECT reltuples, pg_total_relation_size(oid) FROM pg_class WHERE oid = to_regclass(%s)"
        rows = self.fetch(Statement(sql=sql, params=(self.quote(table),)))
        if rows and rows[0][0] < 0:  # never analyzed
            ((count,),) = self.fetch(Statement(sql=f"SELECT COUNT(*) FROM {self.quote(table)}"))  # noqa: S608
            return int(count), int(rows[0][1])
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def value(self, column: Column) -> str:
        """Return the placeholder of a key's value, compared as the column compares."""
        if column.kind is Kind.BINARY:
            return "decode(%s, 'hex')"
        return f"%s::{column.definition}"

    def text(self, name: str, column: Column) -> str:
        """Return the expression of a key's value."""
        if column.kind is Kind.INTEGER:
            return name
        return f"encode({name}, 'hex')" if column.kind is Kind.BINARY else f"{name}::text"

    def read_page(self, shape: TableShape, *, after: Key | None, limit: int, target: Columns) -> Batch:
        """Return the rows between *after* and the key that was the limit's a moment ago."""
        last = self.boundary(shape, after=after, limit=limit)
        if last is None:
            return Batch(count=0)
        bounds = [self.upto(shape, last)] + ([self.after(shape, after)] if after is not None else [])
        where = " AND ".join(bound.sql for bound in bounds)
        params = tuple(value for bound in bounds for value in bound.params)
        sql = (
            f"SELECT {', '.join(self._fields(shape, target))} FROM {self.quote(shape.name)} "  # noqa: S608
            f"WHERE {where} ORDER BY {self.key_order(shape)}"
        )
        count, lines = self._copy_out(Statement(sql=sql, params=params))
        return Batch(count=count, lines=postgresql_text.readable(lines, targets=target), last_key=last)

    def _fields(self, shape: TableShape, target: Columns, *, prefix: str = "") -> list[str]:
        names = self.names(shape.stored, prefix=prefix)
        return [
            postgresql_text.field(name, column, target=into)
            for name, column, into in zip(names, shape.stored, target, strict=True)
        ]

    def _copy_out(self, query: Statement) -> tuple[int, bytes]:
        with self.cursor() as cursor, self.connection.wrap_database_errors:
            with cursor.copy(f"COPY ({query.sql}) TO STDOUT", query.params or None) as copy:
                lines = b"".join(copy)
            return int(cursor.rowcount), lines

    def load(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        """Insert all rows of *batch* or raise."""
        if not batch.count:
            return
        names = ", ".join(self.quote(column.name) for column in columns)
        with self.cursor() as cursor, self.connection.wrap_database_errors:
            with cursor.copy(f"COPY {self.quote(shape.name)} ({names}) FROM STDIN") as copy:
                copy.write(batch.lines)
            loaded = int(cursor.rowcount)
        if loaded != batch.count:
            raise IntegrityError(f"{shape.name}: {loaded} of {batch.count} rows were loaded.")

    def follow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that make the changelog and its triggers; each can be run again."""
        log, columns = self.changelog(move, number), shape.key_columns
        return [
            postgresql_log.table(log, columns, quote=self.quote),
            postgresql_log.function(log, log=log, columns=columns, quote=self.quote),
            *postgresql_log.triggers(log, on=self.quote(shape.name)),
        ]

    def unfollow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that take them away; each can be run again."""
        log, on = self.changelog(move, number), self.quote(shape.name)
        return [
            f"DROP TRIGGER IF EXISTS {log} ON {on}",
            f"DROP TRIGGER IF EXISTS {log}_all ON {on}",
            f"DROP FUNCTION IF EXISTS {self.quote(log)}()",
            f"DROP TABLE IF EXISTS {self.quote(log)}",
        ]

    def read_changes(
        self, shape: TableShape, *, log: str, limit: int, upto: Key | None, target: Columns
    ) -> Changes:
        """Return up to *limit* entries of *log* with the latest state of their rows, as of one moment."""
        first = f"SELECT strangler_id FROM {self.quote(log)} ORDER BY strangler_id LIMIT {int(limit)}"  # noqa: S608
        with self.snapshot():
            ids = [row[0] for row in self.fetch(Statement(sql=first))]
            if not ids:
                return Changes(ids=(), keys=(), batch=Batch(count=0))
            if self._is_truncate(log, ids[-1], shape=shape):
                return Changes(ids=ids, keys=(), batch=Batch(count=0), is_truncate=True)
            where = self._entries(shape, ids[-1], upto=upto)
            texts = ", ".join(self.key_texts(shape))
            sql = f"SELECT DISTINCT {texts} FROM {self.quote(log)} WHERE {where.sql}"  # noqa: S608
            keys = [tuple(row) for row in self.fetch(Statement(sql=sql, params=where.params))]
            count, lines = self._copy_out(self._changed_rows(shape, log, where=where, target=target))
        batch = Batch(count=count, lines=postgresql_text.readable(lines, targets=target))
        return Changes(ids=ids, keys=keys, batch=batch)

    def _is_truncate(self, log: str, last: int, *, shape: TableShape) -> bool:
        key = self.names(shape.key_columns)[0]
        sql = f"SELECT 1 FROM {self.quote(log)} WHERE strangler_id <= %s AND {key} IS NULL LIMIT 1"  # noqa: S608
        return bool(self.fetch(Statement(sql=sql, params=(last,))))

    def _entries(self, shape: TableShape, last: int, *, upto: Key | None) -> Statement:
        if upto is None:
            return Statement(sql="strangler_id <= %s", params=(last,))
        copied = self.upto(shape, upto)
        return Statement(sql=f"strangler_id <= %s AND {copied.sql}", params=(last, *copied.params))

    def _changed_rows(self, shape: TableShape, log: str, *, where: Statement, target: Columns) -> Statement:
        keys = self.names(shape.key_columns)
        sql = (
            f"SELECT {', '.join(self._fields(shape, target, prefix='t.'))} FROM "  # noqa: S608
            f"(SELECT DISTINCT {', '.join(keys)} FROM {self.quote(log)} WHERE {where.sql}) l "
            f"JOIN {self.quote(shape.name)} t ON {' AND '.join(f't.{key} = l.{key}' for key in keys)}"
        )
        return Statement(sql=sql, params=where.params)

    def backlog(self, log: str) -> tuple[int, float]:
        """Return how many entries wait, and the age of the oldest in seconds. See Note [Counted or numbered] in `common`."""
        oldest = f"(SELECT strangler_at FROM {self.quote(log)} ORDER BY strangler_id LIMIT 1)"  # noqa: S608
        return self.waiting(log, age=f"EXTRACT(EPOCH FROM clock_timestamp() - {oldest})")

    def prepare_source(self) -> None:
        """Read in UTC and ISO, exactly, and wait a second at most for a lock, behind which the site would queue."""
        for setting in (
            "TIME ZONE 'UTC'",
            "DateStyle = ISO",
            "IntervalStyle = iso_8601",
            "extra_float_digits = 1",
        ):
            self.execute(Statement(sql=f"SET {setting}"))
        self.execute(Statement(sql="SET lock_timeout = '1s'"))

    def prepare_target(self) -> None:
        """Write in UTC; leave foreign keys and triggers out where the role may do that (see preflight)."""
        self.prepare_source()
        self.execute(Statement(sql="SET lock_timeout = '5s'"))
        self.execute(Statement(sql=f"SET {postgresql_log.MOVER} = 'on'"))
        if self.may_replicate():
            self.execute(Statement(sql="SET session_replication_role = replica"))

    def may_replicate(self) -> bool:
        """Whether the role may write as a replica does: without firing triggers and foreign keys."""
        sql = """SELECT rolsuper, current_setting('server_version_num')::int FROM pg_roles
            WHERE rolname = current_user"""
        ((is_super, version),) = self.fetch(Statement(sql=sql))
        if is_super or version < FIRST_WITH_GRANTS:
            return bool(is_super)
        sql = "SELECT has_parameter_privilege('session_replication_role', 'SET')"
        return bool(self.fetch(Statement(sql=sql))[0][0])

    def measure(self) -> Load:
        """Return how many sessions are at work, and the lag of the slowest replica."""
        sql = """SELECT (SELECT COUNT(*) FROM pg_stat_activity WHERE state = 'active'),
            (SELECT MAX(EXTRACT(EPOCH FROM replay_lag)) FROM pg_stat_replication)"""  # of this server's replicas
        ((running, lag),) = self.fetch(Statement(sql=sql))
        return Load(running_threads=int(running), replica_lag=None if lag is None else float(lag))

    def is_retryable(self, error: Exception) -> bool:
        """Whether *error* is a deadlock, a lock timeout or a lost connection."""
        code = _code(error)
        return code.startswith(_RETRYABLE) if code else isinstance(error, OperationalError)

    def is_full(self, error: Exception) -> bool:
        """Whether *error* says that there is no space left."""
        return _code(error).startswith(_FULL)


FIRST_WITH_GRANTS = 150_000  # server_version_num from which a role may be granted a setting


def _code(error: Exception) -> str:
    return str(getattr(error.__cause__, "sqlstate", None) or "")
