"""What the engines share: running statements, transactions in the raw, keyset conditions.

Note [Counted or numbered]: to count a long changelog takes longer than to follow a part of it, so no more than `COUNTED` entries are
counted. How many more there are about is the difference of the last number and the first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError

from strangler.move.dialects.base import PREFIX, Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    from strangler.move.dialects.base import Column, Key, TableShape


class CommonDialect:
    """Statements on one connection, and keys in the order of the engine's own row comparison."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        """Take *connection*; nothing is opened yet."""
        self.connection = connection
        self._prepare: Callable[[], None] = lambda: None

    def introspect(self, table: str) -> TableShape:
        """Return what *table* is like now; each engine has its own."""
        raise NotImplementedError

    def glance(self, table: str) -> TableShape:
        """Return what `introspect` does, where that costs little."""
        return self.introspect(table)

    def open_source(self) -> None:
        """Connect for reading; each later connection is prepared like the first."""
        self._prepare = self.prepare_source
        self.recover(is_lost=True)

    def open_target(self) -> None:
        """Connect for writing; each later connection is prepared like the first."""
        self._prepare = self.prepare_target
        self.recover(is_lost=True)

    def prepare_source(self) -> None:
        """Set up the session for reading."""

    def prepare_target(self) -> None:
        """Set up the session for writing."""

    def cursor(self) -> CursorWrapper:
        """Return a cursor on a connection whose session is as it should be."""
        if self.connection.connection is None:
            with self.connection.wrap_database_errors:
                self.connection.connect()
            try:
                self._prepare()
            except BaseException:
                self.connection.close()  # half prepared is worse than closed: strict mode might be missing
                raise
        return self.connection.cursor()

    def recover(self, *, is_lost: bool = False) -> None:
        """Close the connection if it broke; the next statement opens another."""
        is_open = self.connection.connection is not None
        if is_lost or (is_open and not self.connection.is_usable()):
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it."""
        self.execute(Statement(sql=self.BEGIN))
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        self.execute(Statement(sql="COMMIT"))

    def _roll_back(self) -> None:
        """Roll back, or close where that fails, which comes to the same."""
        try:
            self.execute(Statement(sql="ROLLBACK"))
        except DatabaseError:
            self.connection.close()

    def quote(self, name: str) -> str:
        """Return *name* as an identifier."""
        return self.connection.ops.quote_name(name)

    def execute(self, statement: Statement) -> int:
        """Run *statement* and return how many rows it changed."""
        with self.cursor() as cursor:
            cursor.execute(statement.sql, statement.params or None)
            return int(cursor.rowcount)

    def fetch(self, statement: Statement) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""
        with self.cursor() as cursor:
            cursor.execute(statement.sql, statement.params or None)
            return list(cursor.fetchall())

    def names(self, columns: Sequence[Column], *, prefix: str = "") -> list[str]:
        """Return the columns' names as identifiers."""
        return [f"{prefix}{self.quote(column.name)}" for column in columns]

    def key_order(self, shape: TableShape) -> str:
        """Return what stands after ORDER BY."""
        return ", ".join(self.names(shape.key_columns))

    def value(self, _column: Column) -> str:
        """Return the placeholder of a key's value for *column*."""
        return "%s"

    def text(self, name: str, _column: Column) -> str:
        """Return the expression of a key's value in column *name*, which is already quoted."""
        return name

    def key_texts(self, shape: TableShape, *, prefix: str = "") -> list[str]:
        """Return the expressions of the key's values."""
        names = self.names(shape.key_columns, prefix=prefix)
        return [self.text(name, column) for name, column in zip(names, shape.key_columns, strict=True)]

    def after(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the condition that a row's key is greater than *key*."""
        return self._compared(shape, key, operator=">", prefix=prefix)

    def upto(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the condition that a row's key is at most *key*."""
        return self._compared(shape, key, operator="<=", prefix=prefix)

    def _compared(self, shape: TableShape, key: Key, *, operator: str, prefix: str) -> Statement:
        names = ", ".join(self.names(shape.key_columns, prefix=prefix))
        values = ", ".join(self.value(column) for column in shape.key_columns)
        return Statement(sql=f"({names}) {operator} ({values})", params=tuple(key))

    def boundary(self, shape: TableShape, *, after: Key | None, limit: int) -> Key | None:
        """Return the key of the last of the *limit* rows that follow *after*; None when no row follows."""
        keys = self.keys_after(shape, after=after, limit=1, offset=limit - 1)
        return keys[0] if keys else self._last(shape, after=after)

    def _last(self, shape: TableShape, *, after: Key | None) -> Key | None:
        """Return the greatest key of all, if it is greater than *after*."""
        where = self.after(shape, after) if after is not None else Statement(sql="1 = 1")
        order = ", ".join(f"{name} DESC" for name in self.names(shape.key_columns))
        texts = ", ".join(self.key_texts(shape))
        sql = f"SELECT {texts} FROM {self.quote(shape.name)} WHERE {where.sql} ORDER BY {order} LIMIT 1"  # noqa: S608
        rows = self.fetch(Statement(sql=sql, params=where.params))
        return tuple(rows[0]) if rows else None

    def keys_after(self, shape: TableShape, *, after: Key | None, limit: int, offset: int = 0) -> list[Key]:
        """Return up to *limit* keys greater than *after*, in order, leaving *offset* out."""
        where = self.after(shape, after) if after is not None else Statement(sql="1 = 1")
        sql = (
            f"SELECT {', '.join(self.key_texts(shape))} FROM {self.quote(shape.name)} "  # noqa: S608
            f"WHERE {where.sql} ORDER BY {self.key_order(shape)} LIMIT {int(limit)} OFFSET {int(offset)}"
        )
        return [tuple(row) for row in self.fetch(Statement(sql=sql, params=where.params))]

    def delete(self, shape: TableShape, keys: Sequence[Key]) -> int:
        """Delete the rows with *keys* and return how many there were."""
        deleted = 0
        for start in range(0, len(keys), DELETE_AT_ONCE):
            where = self.among(shape, keys[start : start + DELETE_AT_ONCE])
            sql = f"DELETE FROM {self.quote(shape.name)} WHERE {where.sql}"  # noqa: S608
            deleted += self.execute(Statement(sql=sql, params=where.params))
        return deleted

    def among(self, shape: TableShape, keys: Sequence[Key]) -> Statement:
        """Return the condition that a row's key is one of *keys*."""
        names = self.names(shape.key_columns)
        values = [self.value(column) for column in shape.key_columns]
        one = " AND ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
        return Statement(
            sql=" OR ".join([f"({one})"] * len(keys)), params=tuple(value for key in keys for value in key)
        )

    def changelog(self, move: int, number: int) -> str:
        """Return the name of the changelog of the move's table *number*."""
        return f"{PREFIX}log_{move}_{number}"

    def trigger(self, move: int, number: int, event: str) -> str:
        """Return the name of the trigger that follows *event*."""
        return f"{PREFIX}log_{move}_{number}_{event.lower()}"

    def forget_changes(self, log: str, *, ids: Sequence[int]) -> None:
        """Delete the entries *ids*, and no others: a lower id can commit later."""
        for start in range(0, len(ids), DELETE_AT_ONCE):
            some = tuple(ids[start : start + DELETE_AT_ONCE])
            marks = ", ".join(["%s"] * len(some))
            sql = f"DELETE FROM {self.quote(log)} WHERE strangler_id IN ({marks})"  # noqa: S608
            self.execute(Statement(sql=sql, params=some))

    def waiting(self, log: str, *, age: str) -> tuple[int, float]:
        """Return how many entries *log* has, and *age*, an expression in seconds. See Note [Counted or numbered]."""
        name = self.quote(log)
        sql = (
            f"SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM {name} LIMIT {COUNTED}) AS entries), COALESCE({age}, 0), "  # noqa: S608
            f"COALESCE((SELECT MAX(strangler_id) FROM {name}) - (SELECT MIN(strangler_id) FROM {name}) + 1, 0)"
        )
        ((count, seconds, numbers),) = self.fetch(Statement(sql=sql))
        return int(count if count < COUNTED else numbers), max(0.0, float(seconds))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Show the same moment to every statement of the block; nothing may be written in it."""
        for sql in self.SNAPSHOT:
            self.execute(Statement(sql=sql))
        try:
            yield
        finally:
            self._roll_back()

    BEGIN = "BEGIN"
    SNAPSHOT: tuple[str, ...] = ("BEGIN",)


DELETE_AT_ONCE = 200  # keys in one statement: enough to save the way, few enough for every optimizer
COUNTED = 100_000
