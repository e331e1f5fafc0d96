r"""What a move asks of a database engine, and the values that tables are described with.

Note [Rows as text]: between engines a row travels as one line in the text format that PostgreSQL's COPY and MySQL's
LOAD DATA share: fields divided by tabs, `\N` for NULL, a backslash before tab, line feed and backslash. The server
of the source makes the lines, so that Python joins bytes and converts nothing: no zero date becomes None, no
DECIMAL a float. SQLite, which has no such format, hands over rows of values instead.

Note [Key order]: keys are compared and ordered by the source alone, with the collation of its key columns. Neither
Python nor the target ever compares two keys: they would disagree about case, accents and trailing spaces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper

Key = tuple[int | str, ...]
"""Values of a primary key: integers as int, binary as hexadecimal text, all else as text. Goes through JSON."""

PREFIX = "strangler_"
"""What the names of all tables and triggers begin with that a move makes."""


class Kind(StrEnum):
    """What a column holds, whatever the engine calls it."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BINARY = "binary"
    BIT = "bit"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    JSON = "json"
    UUID = "uuid"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Args:
        name: of the column.
        kind: what it holds.
        type: as the engine calls it, without particulars: `varchar`, `timestamp with time zone`.
        definition: as DDL would write it: `varchar(255)`, `bigint(20) unsigned`.
        is_nullable: whether it takes NULL.
        length: characters of text or bytes of binary at most; None for no limit.
        precision: digits of a number, bits of an integer, digits after the second of a moment.
        scale: digits after the point of a decimal.
        is_unsigned: an integer without negative values.
        charset: of text; empty where the engine has one for all.
        collation: of text; empty for the database's own.
        default: as the engine writes it; None for none.
        is_generated: computed from others, so it can't be written.
        is_automatic: AUTO_INCREMENT, serial, identity, or SQLite's rowid.
    """

    name: str
    kind: Kind
    type: str
    definition: str
    is_nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    is_unsigned: bool = False
    charset: str = ""
    collation: str = ""
    default: str | None = None
    is_generated: bool = False
    is_automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint or index other than the primary key."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key: *columns* of *table* refer to *target_columns* of *target_table*; on_delete in upper case."""

    name: str
    table: str
    columns: tuple[str, ...]
    target_table: str
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger on a table: *timing* BEFORE, AFTER or INSTEAD OF, *event* INSERT, UPDATE, DELETE or TRUNCATE."""

    name: str
    timing: str
    event: str

    @property
    def is_ours(self) -> bool:
        """Whether a move made it."""
        return self.name.startswith(PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """What a table is like at the moment.

    Args:
        name: of the table.
        columns: in the order of the table.
        primary_key: names of its columns in the order of the key; empty if there is none.
        uniques: other unique constraints and indexes.
        foreign_keys: those that leave from this table.
        referenced_by: those of other tables, and its own, that point here.
        triggers: all, also those of a move.
        engine: storage engine; empty where the database has one.
        generation: changes when the table is truncated or rebuilt, where no trigger would tell; else empty.
    """

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    referenced_by: tuple[ForeignKey, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    engine: str = ""
    generation: str = field(default="", compare=False)

    def column(self, name: str) -> Column:
        """Return the column called *name*; raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that are written, in the order of the table."""
        return tuple(column for column in self.columns if not column.is_generated)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the primary key, in the order of the key."""
        return tuple(self.column(name) for name in self.primary_key)

    @property
    def signature(self) -> str:
        """What changes when a column or the key does: a move that was started with another one pauses."""
        parts = [
            f"{column.name}|{column.definition}|{column.is_nullable}|{column.collation}|{column.is_generated}"
            for column in self.columns
        ]
        return sha256("\n".join([*parts, ",".join(self.primary_key)]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL with `%s` for each of *params*; a percent sign that is none is doubled when there are params."""

    sql: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows on their way. See Note [Rows as text].

    Args:
        count: how many.
        lines: one line for each row, joined by line feeds and ended by one; empty for SQLite.
        rows: values of the stored columns, for SQLite.
        last_key: primary key of the last row in the order of the source; None when empty.
    """

    count: int
    lines: bytes = b""
    rows: Sequence[tuple[Any, ...]] = ()
    last_key: Key | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy a server is: *running_threads* at work now, *replica_lag* in seconds; None where it does not tell."""

    running_threads: int | None = None
    replica_lag: float | None = None


class Dialect(Protocol):
    """One open connection of a move, and the SQL of its engine.

    Outside of `transaction` each statement commits on its own and sees what is committed when it begins.
    """

    name: str
    """`mysql` (MariaDB too), `postgresql` or `sqlite`."""
    connection: BaseDatabaseWrapper

    def quote(self, name: str) -> str:
        """Return *name* as an identifier."""

    def introspect(self, table: str) -> TableShape:
        """Return what *table* is like now.

        Raises:
            LookupError: there is no such table.
        """

    def glance(self, table: str) -> TableShape:
        """Return what `introspect` does, perhaps without foreign keys and triggers; cheap enough for every second.

        Raises:
            LookupError: there is no such table.
        """

    def estimate(self, table: str) -> tuple[int, int]:
        """Return about how many rows *table* has, and about how many bytes data and indexes take."""

    def execute(self, statement: Statement) -> int:
        """Run *statement* and return how many rows it changed."""

    def fetch(self, statement: Statement) -> list[tuple[Any, ...]]:
        """Run *statement* and return its rows."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what the block wrote, or nothing of it."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Show the same moment to every statement of the block; nothing may be written in it."""

    # Reading, in the order of the primary key. See Note [Key order].

    def after(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the condition that a row's key is greater than *key*; *prefix* stands before column names."""

    def upto(self, shape: TableShape, key: Key, *, prefix: str = "") -> Statement:
        """Return the condition that a row's key is at most *key*."""

    def key_order(self, shape: TableShape) -> str:
        """Return what stands after ORDER BY."""

    def read_page(self, shape: TableShape, *, after: Key | None, limit: int, target: Columns) -> Batch:
        """Return up to *limit* rows with keys greater than *after*; *target* says what they are loaded into."""

    def boundary(self, shape: TableShape, *, after: Key | None, limit: int) -> Key | None:
        """Return the key of the last of the *limit* rows that follow *after*; None when no row follows."""

    # Writing on the target

    def load(self, shape: TableShape, batch: Batch, *, columns: Columns) -> None:
        """Insert all rows of *batch* or raise: none is skipped, replaced or cut.

        Args:
            columns: of the source, in the order of the batch's fields.
        Raises:
            IntegrityError, DataError: the caller rolls back.
        """

    def delete(self, shape: TableShape, keys: Sequence[Key]) -> int:
        """Delete the rows with *keys* and return how many there were."""

    def among(self, shape: TableShape, keys: Sequence[Key]) -> Statement:
        """Return the condition that a row's key is one of *keys*, of which there is at least one."""

    # Following

    def changelog(self, move: int, number: int) -> str:
        """Return the name of the changelog of the move's table *number*."""

    def follow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that make the changelog and its triggers; each can be run again."""

    def unfollow_ddl(self, shape: TableShape, *, move: int, number: int) -> list[str]:
        """Return the statements that take them away; each can be run again."""

    def read_changes(
        self, shape: TableShape, *, log: str, limit: int, upto: Key | None, target: Columns
    ) -> Changes:
        """Return up to *limit* entries of changelog *log* with the latest state of their rows, as of one moment.

        Args:
            upto: rows with greater keys are not copied yet; their entries are returned but not their keys and rows.
        """

    def forget_changes(self, log: str, *, ids: Sequence[int]) -> None:
        """Delete the entries *ids*, and no others: a lower id can commit later."""

    def backlog(self, log: str) -> tuple[int, float]:
        """Return how many entries wait, about, if many; and the age of the oldest in seconds."""

    # Sessions and failures

    def open_source(self) -> None:
        """Connect for reading: UTC, short waits for locks. A connection that breaks is opened and set up anew."""

    def open_target(self) -> None:
        """Connect for writing: UTC, strict, foreign keys unchecked, seen by triggers as a mover."""

    def recover(self, *, is_lost: bool = False) -> None:
        """Close the connection if it broke; the next statement opens another."""

    def measure(self) -> Load:
        """Return how busy the server is."""

    def is_retryable(self, error: Exception) -> bool:
        """Whether *error* is a deadlock, a lock timeout or a lost connection: nothing is decided, try again."""

    def is_full(self, error: Exception) -> bool:
        """Whether *error* says that there is no space left."""


Columns = tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Entries of a changelog and what they lead to.

    Args:
        ids: the entries.
        keys: distinct keys of them that are copied already; each is deleted on the target, then
        batch: the rows that still have one of these keys are loaded. A key without a row is a tombstone.
        is_truncate: the table was emptied as a whole.
    """

    ids: Sequence[int]
    keys: Sequence[Key]
    batch: Batch
    is_truncate: bool = False
