"""MariaDB and MySQL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError

from strangler.move.dialects import lines, mysql_log, mysql_shape, mysql_text
from strangler.move.dialects.base import Batch, Changes, Load, Statement
from strangler.move.dialects.common import DELETE_AT_ONCE, CommonDialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.move.dialects.base import Column, Columns, Key, TableShape

_EVENTS = ("INSERT", "UPDATE", "DELETE")
_RETRYABLE = frozenset({1205, 1213, 1020, 1040, 1053, 1158, 1159, 1160, 1161, 2002, 2003, 2006, 2013, 4031})
_NOT_ALLOWED = frozenset({1064, 1227})  # MySQL 8.4 knows the word no more
_FULL = frozenset({3, 28, 1021, 1114})
INSERT_AT_ONCE = 500  # rows in one INSERT where LOAD DATA LOCAL is switched off


class MySQLDialect(CommonDialect):
    """One connection to MariaDB or MySQL."""

    name = "mysql"
    SNAPSHOT = (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    )
    takes_files: bool | None = None
    """Whether the server takes LOAD DATA LOCAL; None until it was asked."""

    def introspect(self, table: str) -> TableShape:
        """Return what *table* is like now; raises LookupError."""
        is_mariadb: bool = self.connection.mysql_is_mariadb  # type: ignore[attr-defined]
        return mysql_shape.read(self.fetch, table, is_mariadb=is_mariadb)

    def glance(self, table: str) -> TableShape:
        """Return what *table* is like now, without foreign keys and triggers; raises LookupError."""
        is_mariadb: bool = self.connection.mysql_is_mariadb  # type: ignore[attr-defined]
        return mysql_shape.glance(self.fetch, table, is_mariadb=is_mariadb)

    def estimate(self, table: str) -> tuple[int, int]:
        """Return about how many rows and bytes *table* has, by InnoDB's statistics."""
        sql = """SELECT COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH + INDEX_LENGTH, 0)
            FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"""
        rows = self.fetch(Statement(sql=sql, params=(table,)))
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def value(self, column: Column) -> str:
        """Return the placeholder of a key's value, compared as the column compares."""
        return mysql_text.value(column)

    def text(self, name: str, column: Column) -> str:
        """Return the expression of a key's value."""
        return mysql_text.text(name, column)

    def after(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the condition in the nested form that the optimizer turns into one range of the index."""
        sql = ""
        params: tuple[int | str, ...] = ()
        columns = list(zip(self.names(shape.key_columns, prefix=prefix), shape.key_columns, key, strict=True))
        for name, column, value in reversed(columns):
            mark = self.value(column)
            if not sql:
                sql, params = f"{name} > {mark}", (value,)
            else:
                sql = f"({name} >= {mark} AND ({name} > {mark} OR {sql}))"
                params = (value, value, *params)
        return Statement(sql=sql, params=params)

    def upto(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the opposite of `after`."""
        beyond = self.after(shape, key, prefix=prefix)
        return Statement(sql=f"NOT ({beyond.sql})", params=beyond.params)

    def read_page(self, shape: TableShape, *, after: Key | None, limit: int, target: Columns) -> Batch:
        """Return up to *limit* rows with keys greater than *after*."""
        where = self.after(shape, after) if after is not None else Statement(sql="1 = 1")
        line = mysql_text.line(self.names(shape.stored), shape.stored, targets=target)
        sql = (
            f"SELECT {', '.join([line, *self.key_texts(shape)])} FROM {self.quote(shape.name)} "  # noqa: S608
            f"FORCE INDEX (PRIMARY) WHERE {where.sql} ORDER BY {self.key_order(shape)} LIMIT {int(limit)}"
        )
        return self._batch(self.fetch(Statement(sql=sql, params=where.params)), table=shape.name)

    def _batch(self, rows: list[tuple[Any, ...]], *, table: str) -> Batch:
        written = [row[0] for row in rows]
        if None in written:
            # CONCAT_WS gives NULL, and only a warning, for what does not fit.
            raise DataError(f"A row of {table} is larger than the source's max_allowed_packet; raise that.")
        last = tuple(rows[-1][1:]) if rows else None
        return Batch(count=len(rows), lines=lines.join(written), last_key=last)

    def load(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        """Insert all rows of *batch* or raise: from a file if the server takes one, else with INSERT."""
        if not batch.count:
            return
        if self.takes_files is None:
            self.takes_files = bool(self.fetch(Statement(sql="SELECT @@GLOBAL.local_infile"))[0][0])
        if self.takes_files:
            self._load_file(shape, batch, columns=columns)
        else:
            self._insert(shape, batch, columns=columns)

    def _load_file(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        """Load from a private file. A pipe would do, but its writer would wait for ever for a server that refuses."""
        names, sets = self._fields(shape, columns)
        with tempfile.NamedTemporaryFile(prefix="strangler-move-") as file:
            file.write(batch.lines)
            file.flush()
            sql = (
                f"LOAD DATA LOCAL INFILE '{Path(file.name)}' INTO TABLE {self.quote(shape.name)} "
                r"CHARACTER SET utf8mb4 FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A "
                f"({', '.join(names)}){sets}"
            )
            loaded = self.execute(Statement(sql=sql))
        # With LOCAL the server only warns of what strict mode forbids, and skips duplicates.
        warnings = self.connection.connection.warning_count()
        if loaded != batch.count or warnings:
            self._refuse_load(shape.name, loaded=loaded, expected=batch.count)

    def _refuse_load(self, table: str, *, loaded: int, expected: int) -> None:
        warnings = self.fetch(Statement(sql="SHOW WARNINGS LIMIT 3"))
        said = "; ".join(f"{code} {text}" for _, code, text in warnings)
        message = f"{table}: {loaded} of {expected} rows could be loaded as they are: {said}"
        raise IntegrityError(message) if loaded != expected else DataError(message)

    def _fields(self, shape: TableShape, columns: Columns) -> tuple[list[str], str]:
        names, sets = [], []
        for number, source in enumerate(columns):
            name, column = self.quote(source.name), shape.column(source.name)
            assigned = mysql_text.assignment(name, f"@f{number}", column)
            names.append(f"@f{number}" if assigned else name)
            sets += [assigned] if assigned else []
        return names, f" SET {', '.join(sets)}" if sets else ""

    def _insert(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        names = [self.quote(column.name) for column in columns]
        marks = [self._mark(shape.column(column.name)) for column in columns]
        rows = batch.lines.removesuffix(b"\n").split(b"\n")
        into = f"INSERT INTO {self.quote(shape.name)} ({', '.join(names)}) VALUES "  # noqa: S608
        for start in range(0, len(rows), INSERT_AT_ONCE):
            some = [lines.parse(row) for row in rows[start : start + INSERT_AT_ONCE]]
            sql = into + ", ".join([f"({', '.join(marks)})"] * len(some))
            self.execute(Statement(sql=sql, params=tuple(value for row in some for value in row)))

    def _mark(self, column: Column) -> str:
        return mysql_text.assignment("", "%s", column).removeprefix(" = ") or "%s"

    def follow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that make the changelog and its triggers; each can be run again."""
        log, columns = self.changelog(move, number), shape.key_columns
        return [mysql_log.table(log, columns, quote=self.quote)] + [
            mysql_log.trigger(
                self.quote(self.trigger(move, number, event)),
                event=event,
                on=self.quote(shape.name),
                body=mysql_log.body(event, log=log, columns=columns, quote=self.quote),
            )
            for event in _EVENTS
        ]

    def unfollow_ddl(self, _shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that take them away; each can be run again."""
        triggers = [self.quote(self.trigger(move, number, event)) for event in _EVENTS]
        return [f"DROP TRIGGER IF EXISTS {name}" for name in triggers] + [
            f"DROP TABLE IF EXISTS {self.quote(self.changelog(move, number))}"
        ]

    def forget_changes(self, log: str, *, ids: Sequence[int]) -> None:
        """Delete the entries *ids* one key at a time: a scan would wait for every open transaction that has logged.

        A list after IN, index forced or not, is a scan for MariaDB once it names most of the table; a join in this order never is.
        """
        for start in range(0, len(ids), DELETE_AT_ONCE):
            some = tuple(ids[start : start + DELETE_AT_ONCE])
            numbers = " UNION ALL ".join(["SELECT %s AS id", *["SELECT %s"] * (len(some) - 1)])
            entries = f"{self.quote(log)} l FORCE INDEX (PRIMARY) ON l.strangler_id = numbers.id"
            sql = f"DELETE l FROM ({numbers}) numbers STRAIGHT_JOIN {entries}"
            self.execute(Statement(sql=sql, params=some))

    def read_changes(
        self, shape: TableShape, *, log: str, limit: int, upto: Key | None, target: Columns
    ) -> Changes:
        """Return up to *limit* entries of *log* with the latest state of their rows, as of one moment."""
        first = f"SELECT strangler_id FROM {self.quote(log)} ORDER BY strangler_id LIMIT {int(limit)}"  # noqa: S608
        with self.snapshot():
            ids = [row[0] for row in self.fetch(Statement(sql=first))]
            if not ids:
                return Changes(ids=(), keys=(), batch=Batch(count=0))
            where = self._entries(shape, ids[-1], upto=upto)
            keys = self._changed_keys(shape, log, where=where)
            rows = self._changed_rows(shape, log, where=where, target=target)
        present = {tuple(row[1:]) for row in rows}  # See Note [Exact keys] in mysql_log.
        return Changes(
            ids=ids, keys=sorted({*keys, *present}, key=str), batch=self._batch(rows, table=shape.name)
        )

    def _entries(self, shape: TableShape, last: int, *, upto: Key | None) -> Statement:
        if upto is None:
            return Statement(sql="strangler_id <= %s", params=(last,))
        copied = self.upto(shape, upto)
        return Statement(sql=f"strangler_id <= %s AND {copied.sql}", params=(last, *copied.params))

    def _changed_keys(self, shape: TableShape, log: str, *, where: Statement) -> list[Key]:
        sql = f"SELECT {', '.join(self.key_texts(shape))} FROM {self.quote(log)} WHERE {where.sql}"  # noqa: S608
        return [tuple(row) for row in self.fetch(Statement(sql=sql, params=where.params))]

    def _changed_rows(
        self, shape: TableShape, log: str, *, where: Statement, target: Columns
    ) -> list[tuple[Any, ...]]:
        line = mysql_text.line(self.names(shape.stored, prefix="t."), shape.stored, targets=target)
        names = self.names(shape.key_columns)
        on = " AND ".join(f"t.{name} = l.{name}" for name in names)
        sql = (
            f"SELECT {', '.join([line, *self.key_texts(shape, prefix='t.')])} FROM "  # noqa: S608
            f"(SELECT DISTINCT {', '.join(names)} FROM {self.quote(log)} WHERE {where.sql}) l "
            f"STRAIGHT_JOIN {self.quote(shape.name)} t ON {on}"
        )
        return self.fetch(Statement(sql=sql, params=where.params))

    def backlog(self, log: str) -> tuple[int, float]:
        """Return how many entries wait, and the age of the oldest in seconds. See Note [Counted or numbered] in `common`."""
        name = self.quote(log)
        age = f"TIMESTAMPDIFF(MICROSECOND, (SELECT strangler_at FROM {name} ORDER BY strangler_id LIMIT 1), NOW(6))"  # noqa: S608
        return self.waiting(log, age=f"{age} / 1000000")

    def prepare_source(self) -> None:
        """Read in UTC and wait a second at most for a table's metadata, behind which the whole site would queue."""
        self.execute(
            Statement(sql="SET time_zone = '+00:00', lock_wait_timeout = 1, innodb_lock_wait_timeout = 5")
        )
        self.execute(Statement(sql="SET NAMES utf8mb4"))

    def prepare_target(self) -> None:
        """Write in UTC and strictly; what the source holds already, zero dates and all, is good enough here."""
        self.execute(Statement(sql="SET NAMES utf8mb4"))
        self.execute(
            Statement(
                sql="SET time_zone = '+00:00', foreign_key_checks = 0, lock_wait_timeout = 5, "
                f"innodb_lock_wait_timeout = 5, {mysql_log.MOVER} = 1, sql_mode = "
                "'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'"
            )
        )

    def measure(self) -> Load:
        """Return how many threads run, and the lag of this server if it is a replica."""
        (row,) = self.fetch(Statement(sql="SHOW GLOBAL STATUS LIKE 'Threads_running'"))
        return Load(running_threads=int(row[1]), replica_lag=self._lag())

    def _lag(self) -> float | None:
        """Return how far this replica is behind; None for a server that is none, or does not say."""
        try:
            with self.cursor() as cursor:
                cursor.execute("SHOW SLAVE STATUS")
                names = [column[0] for column in cursor.description or ()]
                rows = cursor.fetchall()
        except DatabaseError as error:
            if _code(error) not in _NOT_ALLOWED:
                raise
            return None
        lags = [row[names.index("Seconds_Behind_Master")] for row in rows]
        return max((float(lag) for lag in lags if lag is not None), default=None)

    def is_retryable(self, error: Exception) -> bool:
        """Whether *error* is a deadlock, a lock timeout or a lost connection."""
        return _code(error) in _RETRYABLE

    def is_full(self, error: Exception) -> bool:
        """Whether *error* says that there is no space left."""
        return _code(error) in _FULL


def _code(error: Exception) -> int:
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0
