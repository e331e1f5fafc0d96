"""Begin a move: its record, and what it needs beside the data.

Note [Haste]: on MariaDB and MySQL a trigger that waits for a table already keeps out whoever wants to write to it. A transaction that has read
the table and now writes, or has written to a table that a key leads to, waits for the trigger, and the trigger for it: a deadlock of metadata
locks, whose victim is always the writer, and which InnoDB neither counts nor prints. So DDL beside the data does not wait: it fails at once while a
transaction uses the table (`lock_wait_timeout = 0`, which MySQL does not know), and is tried again every few milliseconds.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from strangler.conf import config
from strangler.errors import MoveError, MovePausedError
from strangler.move import records
from strangler.move.dialects.base import Statement
from strangler.move.fence import Fence
from strangler.move.models import MoveRecord, MoveTable
from strangler.move.notes import Notes
from strangler.move.positions import CREATE, TABLE
from strangler.move.tables import TablePair, in_order, tables_of
from strangler.outbox.clock import read_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import TableShape

PATIENCE = timedelta(seconds=2)  # in which the holder of a move says nothing


def read_pairs(service: str, *, pair: Pair) -> list[TablePair]:
    """Return the tables of the move to *service* as they are on both ends, in the order of copying.

    Raises:
        MoveError: a table is missing; names it and the end.
    """
    tables = tables_of(service)
    sources = {
        name: _introspect(pair.source.introspect, name, service=service, end="source") for name in tables
    }
    keys = [key for shape in sources.values() for key in shape.foreign_keys]
    return [
        TablePair(
            number=number,
            source=sources[name],
            target=_introspect(pair.target.introspect, tables[name], service=service, end="target"),
        )
        for number, name in enumerate(in_order(tables, foreign_keys=keys), start=1)
    ]


def _introspect(read: Callable[[str], TableShape], name: str, *, service: str, end: str) -> TableShape:
    try:
        return read(name)
    except LookupError:
        hint = "Run the service's migrations." if end == "target" else "See [services] in strangler.toml."
        raise MoveError(f"there is no table {name} on the {end}. {hint}", move=service) from None


def create(service: str, *, tables: list[TablePair], is_replica: bool, pair: Pair, actor: str) -> MoveRecord:
    """Write a new move down, with its tables as they are now; nothing is touched beside the data yet."""
    using = config().database
    now = read_now(using)
    with transaction.atomic(using=using):
        record = MoveRecord.objects.using(using).create(
            service=service, is_replica=is_replica, created_at=now, changed_at=now
        )
        for table in tables:
            rows, _ = pair.source.estimate(table.source.name)
            MoveTable.objects.using(using).create(
                move=record,
                number=table.number,
                source_table=table.source.name,
                target_table=table.target.name,
                signature=table.source.signature,
                target_signature=table.target.signature,
                generation=table.source.generation,
                rows_estimated=rows,
            )
        records.note(record, "created", actor=actor)
    return record


def table_pairs(record: MoveRecord, *, pair: Pair) -> list[TablePair]:
    """Return the tables of *record* as they are now.

    Raises:
        MovePausedError: one of them is gone.
    """
    rows = MoveTable.objects.using(config().database).filter(move=record).order_by("number")
    try:
        return [_table_pair(row, pair=pair) for row in rows]
    except LookupError as error:
        action = "Bring it back, or cancel the move."
        raise MovePausedError(
            record.service, name="table-gone", reason=f"table {error} is gone.", action=action
        ) from None


def _table_pair(row: MoveTable, *, pair: Pair) -> TablePair:
    names = (row.source_table, row.target_table)
    source, target = reversed(names) if pair.is_backward else names
    return TablePair(
        number=row.number, source=pair.source.introspect(source), target=pair.target.introspect(target)
    )


def lay(record: MoveRecord, *, tables: list[TablePair], pair: Pair) -> bool:
    """Make changelogs and triggers on the source; what is there already stays.

    When they are there, every transaction that may write without being followed is over: each trigger is made in a moment in
    which no transaction uses its table. See Note [Haste].
    Returns: False if no such moment came soon; call again, and again.
    """
    fence = Fence(dialect=pair.source, move=record.pk, service=record.service)
    with _hasty(pair):
        return all(
            fence.try_hastily(
                pair.source.follow_ddl(table.source, move=record.pk, number=table.number), within=PATIENCE
            )
            for table in tables
        )


def lift(record: MoveRecord, *, tables: list[TablePair], pair: Pair) -> None:
    """Take changelogs, triggers and positions of the move away; what is gone already is no error."""
    fence = Fence(dialect=pair.source, move=record.pk, service=record.service)
    with _hasty(pair):
        for table in tables:
            fence.run_hastily(pair.source.unfollow_ddl(table.source, move=record.pk, number=table.number))
    lift_turn(record, tables=tables, pair=pair)
    pair.target.execute(Statement(sql=CREATE))  # a move that was never started has none
    sql = f"DELETE FROM {TABLE} WHERE move_id = %s"  # noqa: S608
    pair.target.execute(Statement(sql=sql, params=(record.pk,)))
    notes = Notes(target=pair.target, move=record.pk)
    notes.prepare()
    notes.end()


@contextmanager
def _hasty(pair: Pair) -> Iterator[None]:
    """Let the source's session wait as usual again after the block."""
    try:
        yield
    finally:
        pair.source.recover(is_lost=True)


def lift_turn(record: MoveRecord, *, tables: list[TablePair], pair: Pair) -> None:
    """Take away what a switch armed: fences of both sides, and the changelog backwards. Idempotent."""
    for dialect, is_target in ((pair.source, False), (pair.target, True)):
        fence = Fence(dialect=dialect, move=record.pk, service=record.service)
        if fence.is_armed():
            shapes = {table.number: table.target if is_target else table.source for table in tables}
            fence.disarm({number: shape.name for number, shape in shapes.items()})
            for number, shape in shapes.items():
                fence.run_hastily(dialect.unfollow_ddl(shape, move=record.pk, number=number))
