"""Let the next owner go on where the last one stopped counting: AUTO_INCREMENT, sequences, sqlite_sequence.

Rows bring their numbers along, but a number whose row is gone again would be given to another row by the next owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from strangler.move.dialects.base import Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Dialect, TableShape
    from strangler.move.tables import TablePair

MARGIN = 1_000  # numbers that the last owner may still give while the next one is prepared


class Counter(Protocol):
    """How an engine counts."""

    def next(self, dialect: Dialect, shape: TableShape) -> int:
        """Return the next number of the table's automatic column."""

    def raise_statement(self, dialect: Dialect, shape: TableShape, *, to: int) -> str:
        """Return what makes *to* the next number."""


class MySQLCounter:
    """AUTO_INCREMENT."""

    def next(self, dialect: Dialect, shape: TableShape) -> int:
        """Read it past MySQL's cached statistics."""
        if not dialect.connection.mysql_is_mariadb:  # type: ignore[attr-defined]
            dialect.execute(Statement(sql="SET SESSION information_schema_stats_expiry = 0"))
        sql = """SELECT AUTO_INCREMENT FROM information_schema.TABLES
            WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s"""
        rows = dialect.fetch(Statement(sql=sql, params=(shape.name,)))
        return int(rows[0][0] or 1)

    def raise_statement(self, dialect: Dialect, shape: TableShape, *, to: int) -> str:
        """Return the ALTER TABLE that only writes a number."""
        return f"ALTER TABLE {dialect.quote(shape.name)} AUTO_INCREMENT = {int(to)}"


class PostgreSQLCounter:
    """The sequence that the column owns."""

    def next(self, dialect: Dialect, shape: TableShape) -> int:
        """Read the sequence."""
        name = self._sequence(dialect, shape)
        rows = dialect.fetch(Statement(sql=f"SELECT last_value, is_called FROM {name}"))  # noqa: S608
        return int(rows[0][0]) + int(rows[0][1])

    def raise_statement(self, dialect: Dialect, shape: TableShape, *, to: int) -> str:
        """Return the call of setval."""
        name = self._sequence(dialect, shape).replace("'", "''")
        return f"SELECT setval('{name}', {int(to)}, false)"

    def _sequence(self, dialect: Dialect, shape: TableShape) -> str:
        column = next(column.name for column in shape.columns if column.is_automatic)
        sql = "SELECT pg_get_serial_sequence(%s, %s)"
        return str(dialect.fetch(Statement(sql=sql, params=(dialect.quote(shape.name), column)))[0][0])


class SQLiteCounter:
    """The table sqlite_sequence, which there is as soon as one column is AUTOINCREMENT."""

    def next(self, dialect: Dialect, shape: TableShape) -> int:
        """Read it; 1 where the rows themselves are the counter."""
        there = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        if not dialect.fetch(Statement(sql=there)):
            return 1
        rows = dialect.fetch(
            Statement(sql="SELECT seq FROM sqlite_sequence WHERE name = %s", params=(shape.name,))
        )
        return int(rows[0][0]) + 1 if rows else 1

    def raise_statement(self, dialect: Dialect, shape: TableShape, *, to: int) -> str:
        """Return what writes the number down; the row is there once rows were copied."""
        del dialect
        name = shape.name.replace("'", "''")
        return f"UPDATE sqlite_sequence SET seq = {int(to) - 1} WHERE name = '{name}'"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """The counters of all tables of a move.

    Args:
        pair: from the owner to the next one.
        tables: of the move.
        run: runs DDL on the target.
    """

    pair: Pair
    tables: list[TablePair]
    run: Callable[[list[str]], None]

    def prepare(self) -> None:
        """Bring the target's counters a good way beyond the source's, so that `settle` has nothing to do."""
        self._raise(MARGIN)

    def settle(self) -> None:
        """Bring counters that are behind to where the source's are; nobody may write to the source."""
        self._raise(0)

    def _raise(self, margin: int) -> None:
        for table in self.tables:
            if _counts(table.source) and _counts(table.target):
                counter = COUNTERS[self.pair.target.name]
                wanted = COUNTERS[self.pair.source.name].next(self.pair.source, table.source)
                if counter.next(self.pair.target, table.target) < wanted:
                    statement = counter.raise_statement(self.pair.target, table.target, to=wanted + margin)
                    self.run([statement])


def _counts(shape: TableShape) -> bool:
    return any(column.is_automatic for column in shape.columns)


COUNTERS: dict[str, Counter] = {
    "mysql": MySQLCounter(),
    "postgresql": PostgreSQLCounter(),
    "sqlite": SQLiteCounter(),
}
