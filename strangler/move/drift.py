"""Notice that the source's tables are not what they were when the move began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.stages import MoveStage
from strangler.errors import MovePausedError
from strangler.move.models import MoveTable

if TYPE_CHECKING:
    from strangler.move.dialects.base import Dialect
    from strangler.move.models import MoveRecord
    from strangler.move.tables import TablePair

AGAIN = "Make the same change on the target, cancel the move and start it again."


def refuse_drift(record: MoveRecord, *, tables: list[TablePair], source: Dialect) -> None:
    """Compare columns, keys and generation of each table with those that the move began with.

    Raises:
        MovePausedError: names the table and what became of it.
    """
    began = {row.number: row for row in MoveTable.objects.using(record._state.db).filter(move=record)}  # noqa: SLF001
    for table in tables:
        row = began[table.number]
        if record.at is MoveStage.SWITCHED:  # the source is the service's database now
            row.signature, row.generation = row.target_signature, table.source.generation
        _refuse(record, table=table, began=row, source=source)


def _refuse(record: MoveRecord, *, table: TablePair, began: MoveTable, source: Dialect) -> None:
    name = table.source.name
    try:
        now = source.glance(name)
    except LookupError:
        reason = f"{name} is gone from the source."
        raise MovePausedError(record.service, name="table-gone", reason=reason, action=AGAIN) from None
    if now.signature != began.signature:
        reason = f"the columns of {name} changed on the source: {difference(table, now.signature, source)}."
        raise MovePausedError(record.service, name="schema-changed", reason=reason, action=AGAIN)
    if now.generation != began.generation:
        reason = f"{name} was truncated or rebuilt on the source, past the triggers."
        action = "Cancel the move and start it again."
        raise MovePausedError(record.service, name="truncated", reason=reason, action=action)


def difference(table: TablePair, signature: str, source: Dialect) -> str:
    """Return in words what changed since the shape in *table* was read."""
    before = {column.name: column for column in table.source.columns}
    after = {column.name: column for column in source.glance(table.source.name).columns}
    added = [f"{name} was added" for name in after if name not in before]
    gone = [f"{name} is gone" for name in before if name not in after]
    changed = [f"{name} is another" for name in before if name in after and before[name] != after[name]]
    return ", ".join([*added, *gone, *changed]) or f"its signature is {signature[:12]} now"
