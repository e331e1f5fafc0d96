"""SQLite, for a project that runs embedded. Rows travel as values, which keep their storage class.

Note [Unary plus]: Django has sqlite3 turn columns that are declared `datetime` or `bool` into Python's. `+column` has
no declaration, so that a value arrives as it is stored.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from strangler.move.dialects import sqlite_shape
from strangler.move.dialects.base import Batch, Changes, Kind, Load, Statement
from strangler.move.dialects.common import CommonDialect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from strangler.move.dialects.base import Column, Columns, Key, TableShape

_BUSY, _LOCKED, _FULL = 5, 6, 13
_PRIMARY_CODE = 0xFF  # the last byte of an extended result code
_EVENTS = ("INSERT", "UPDATE", "DELETE")


class SQLiteDialect(CommonDialect):
    """One connection to a file of SQLite."""

    name = "sqlite"
    BEGIN = "BEGIN IMMEDIATE"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it; raised fences are lifted in it, which nobody else sees."""
        with super().transaction():
            raised = self._raised()
            self._put(raised, is_raised=False)
            yield
            self._put(raised, is_raised=True)

    def _raised(self) -> list[int]:
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'strangler_fence'"
        if not self.fetch(Statement(sql=there)):
            return []
        sql = "SELECT move_id FROM strangler_fence WHERE is_raised"
        return [row[0] for row in self.fetch(Statement(sql=sql))]

    def _put(self, moves: list[int], *, is_raised: bool) -> None:
        for move in moves:
            sql = "UPDATE strangler_fence SET is_raised = %s WHERE move_id = %s"
            self.execute(Statement(sql=sql, params=(int(is_raised), move)))

    def introspect(self, table: str) -> TableShape:
        """Return what *table* is like now; raises LookupError."""
        return sqlite_shape.read(self.fetch, table, quote=self.quote)

    def estimate(self, table: str) -> tuple[int, int]:
        """Return how many rows *table* has; SQLite does not tell how many bytes they take."""
        ((count,),) = self.fetch(Statement(sql=f"SELECT COUNT(*) FROM {self.quote(table)}"))  # noqa: S608
        return int(count), 0

    def value(self, column: Column) -> str:
        """Return the placeholder of a key's value."""
        return "strangler_unhex(%s)" if column.kind is Kind.BINARY else "%s"

    def text(self, name: str, column: Column) -> str:
        """Return the expression of a key's value. See Note [Unary plus]."""
        return f"HEX({name})" if column.kind is Kind.BINARY else f"+{name}"

    def read_page(self, shape: TableShape, *, after: Key | None, limit: int, target: Columns) -> Batch:
        """Return up to *limit* rows with keys greater than *after*."""
        del target  # takes values of any kind
        where = self.after(shape, after) if after is not None else Statement(sql="1 = 1")
        sql = (
            f"SELECT {self._values(shape)}, {', '.join(self.key_texts(shape))} FROM {self.quote(shape.name)} "  # noqa: S608
            f"WHERE {where.sql} ORDER BY {self.key_order(shape)} LIMIT {int(limit)}"
        )
        return self._batch(shape, self.fetch(Statement(sql=sql, params=where.params)))

    def _values(self, shape: TableShape, *, prefix: str = "") -> str:
        return ", ".join(f"+{name}" for name in self.names(shape.stored, prefix=prefix))

    def _batch(self, shape: TableShape, rows: list[tuple[Any, ...]]) -> Batch:
        width = len(shape.stored)
        last: Key | None = tuple(rows[-1][width:]) if rows else None
        return Batch(count=len(rows), rows=[row[:width] for row in rows], last_key=last)

    def load(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        """Insert all rows of *batch* or raise."""
        if not batch.count:
            return
        names = ", ".join(self.quote(column.name) for column in columns)
        marks = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {self.quote(shape.name)} ({names}) VALUES ({marks})"  # noqa: S608
        with self.cursor() as cursor:
            cursor.executemany(sql, batch.rows)

    def follow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that make the changelog and its triggers; each can be run again."""
        log = self.quote(self.changelog(move, number))
        keys = "".join(f", {self.quote(column.name)} {_definition(column)}" for column in shape.key_columns)
        at = "TEXT NOT NULL DEFAULT (STRFTIME('%Y-%m-%d %H:%M:%f', 'now'))"
        number_type = "INTEGER PRIMARY KEY AUTOINCREMENT"
        table = f"CREATE TABLE IF NOT EXISTS {log} (strangler_id {number_type}, strangler_at {at}{keys})"
        triggers = [self._trigger(shape, event, move=move, number=number, log=log) for event in _EVENTS]
        return [table, *triggers, *self._replaced(shape, move=move, number=number)]

    def _trigger(self, shape: TableShape, event: str, *, move: int, number: int, log: str) -> str:
        name, on = self.quote(self.trigger(move, number, event)), self.quote(shape.name)
        body = self._body(event, log=log, shape=shape)
        return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {on} FOR EACH ROW BEGIN {body} END"

    def _body(self, event: str, *, log: str, shape: TableShape) -> str:
        if event != "UPDATE":
            return self._entry("NEW" if event == "INSERT" else "OLD", log=log, shape=shape)
        return self._entry("OLD", log=log, shape=shape) + " " + self._entry("NEW", log=log, shape=shape)

    def _entry(self, row: str, *, log: str, shape: TableShape) -> str:
        names = self.names(shape.key_columns)
        values = ", ".join(f"{row}.{name}" for name in names)
        return f"INSERT INTO {log} ({', '.join(names)}) VALUES ({values});"  # noqa: S608

    def _replaced(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Log what INSERT OR REPLACE removes, for which SQLite fires no trigger: rows that stand in its way."""
        if not shape.uniques:
            return []
        log, on = self.quote(self.changelog(move, number)), self.quote(shape.name)
        names = ", ".join(self.names(shape.key_columns))
        same = " OR ".join(
            "("
            + " AND ".join(f"{self.quote(name)} = NEW.{self.quote(name)}" for name in unique.columns)
            + ")"
            for unique in shape.uniques
        )
        name = self.quote(self.trigger(move, number, "REPLACE"))
        body = f"INSERT INTO {log} ({names}) SELECT {names} FROM {on} WHERE {same};"  # noqa: S608
        return [f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE INSERT ON {on} FOR EACH ROW BEGIN {body} END"]

    def unfollow_ddl(self, _shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that take them away; each can be run again."""
        triggers = [self.quote(self.trigger(move, number, event)) for event in (*_EVENTS, "REPLACE")]
        return [f"DROP TRIGGER IF EXISTS {name}" for name in triggers] + [
            f"DROP TABLE IF EXISTS {self.quote(self.changelog(move, number))}"
        ]

    def read_changes(
        self, shape: TableShape, *, log: str, limit: int, upto: Key | None, target: Columns
    ) -> Changes:
        """Return up to *limit* entries of *log* with the latest state of their rows, as of one moment."""
        del target
        first = f"SELECT strangler_id FROM {self.quote(log)} ORDER BY strangler_id LIMIT {int(limit)}"  # noqa: S608
        with self.snapshot():
            ids = [row[0] for row in self.fetch(Statement(sql=first))]
            if not ids:
                return Changes(ids=(), keys=(), batch=Batch(count=0))
            where = self._entries(shape, ids[-1], upto=upto)
            texts = ", ".join(self.key_texts(shape))
            sql = f"SELECT {texts} FROM {self.quote(log)} WHERE {where.sql}"  # noqa: S608
            keys = {tuple(row) for row in self.fetch(Statement(sql=sql, params=where.params))}
            rows = self._changed_rows(shape, log, where=where)
        present = {
            tuple(row[len(shape.stored) :]) for row in rows
        }  # differs where NOCASE calls two keys equal
        return Changes(ids=ids, keys=sorted(keys | present, key=str), batch=self._batch(shape, rows))

    def _entries(self, shape: TableShape, last: int, *, upto: Key | None) -> Statement:
        if upto is None:
            return Statement(sql="strangler_id <= %s", params=(last,))
        copied = self.upto(shape, upto)
        return Statement(sql=f"strangler_id <= %s AND {copied.sql}", params=(last, *copied.params))

    def _changed_rows(self, shape: TableShape, log: str, *, where: Statement) -> list[tuple[Any, ...]]:
        names = self.names(shape.key_columns)
        sql = (
            f"SELECT {self._values(shape, prefix='t.')}, {', '.join(self.key_texts(shape, prefix='t.'))} FROM "  # noqa: S608
            f"(SELECT DISTINCT {', '.join(names)} FROM {self.quote(log)} WHERE {where.sql}) l "
            f"CROSS JOIN {self.quote(shape.name)} t ON {' AND '.join(f't.{name} = l.{name}' for name in names)}"
        )
        return self.fetch(Statement(sql=sql, params=where.params))

    def backlog(self, log: str) -> tuple[int, float]:
        """Return how many entries wait and the age of the oldest in seconds."""
        name = self.quote(log)
        sql = f"SELECT COUNT(*), COALESCE((JULIANDAY('now') - JULIANDAY(MIN(strangler_at))) * 86400, 0) FROM {name}"  # noqa: S608
        ((count, age),) = self.fetch(Statement(sql=sql))
        return int(count), max(0.0, float(age))

    def prepare_source(self) -> None:
        """Bring the function that binary keys need."""
        self.connection.connection.create_function("strangler_unhex", 1, _unhex, deterministic=True)

    def prepare_target(self) -> None:
        """Leave foreign keys unchecked: rows come in an order of their own."""
        self.prepare_source()
        self.execute(Statement(sql="PRAGMA foreign_keys = OFF"))

    def measure(self) -> Load:
        """Return nothing: there is no server."""
        return Load()

    def is_retryable(self, error: Exception) -> bool:
        """Whether another connection holds the file."""
        return _code(error) in (_BUSY, _LOCKED)

    def is_full(self, error: Exception) -> bool:
        """Whether *error* says that there is no space left."""
        return _code(error) == _FULL


class OpenSQLiteDialect(SQLiteDialect):
    """Works inside of the transaction that its connection has open: the one that locks the file."""

    def transaction(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave the transaction to whoever began it."""
        return nullcontext()

    def snapshot(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave it, too."""
        return nullcontext()


def _definition(column: Column) -> str:
    return column.definition + (f" COLLATE {column.collation}" if column.collation else "")


def _unhex(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _code(error: Exception) -> int:
    return int(getattr(error.__cause__, "sqlite_errorcode", 0)) & _PRIMARY_CODE
