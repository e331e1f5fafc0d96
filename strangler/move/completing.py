"""End a move for good: nothing follows backwards any more, so nothing can be reversed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.stages import MoveStage
from strangler.errors import MoveError
from strangler.move import records
from strangler.move.announcing import retract
from strangler.move.databases import dialect_of, open_pair, source_connection
from strangler.move.dialects.base import Statement
from strangler.move.fence import Fence
from strangler.move.laying import table_pairs
from strangler.move.notes import Notes
from strangler.move.opening import open_owner, target_fence

if TYPE_CHECKING:
    from strangler.move.databases import Pair
    from strangler.move.models import MoveRecord
    from strangler.move.tables import TablePair


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What completing a move takes away.

    Args:
        service: that owns the tables.
        tables: the monolith's old tables.
        only_new: changes that only the service has by now: they would be lost for whoever went on with the old tables.
        is_dropping: the old tables go, too; else they stay, and their fence with them.
    """

    service: str
    tables: tuple[str, ...]
    only_new: int
    is_dropping: bool

    @property
    def impossible(self) -> tuple[str, ...]:
        """What can't be done any more, in sentences."""
        names = ", ".join(self.tables)
        lost = (
            f"The old tables {names} are dropped, with the rows that they have."
            if self.is_dropping
            else f"The old tables {names} stay as they are, fenced: nothing can write to them."
        )
        return (
            "Going back with `reverse`: nothing brings what the service writes to the old tables any more.",
            lost,
            "Reading old rows past the router, for instance in reports with SQL of their own.",
        )


def ending(service: str, *, is_dropping: bool) -> Ending:
    """Return what completing the move to *service* would take away; changes nothing.

    Raises:
        MoveError: the service does not own the tables.
    """
    record = _switched(service)
    with open_pair(service, is_backward=True) as pair:
        tables = table_pairs(record, pair=pair)
        return Ending(
            service=service,
            tables=tuple(table.target.name for table in tables),
            only_new=only_new(record, tables=tables, pair=pair),
            is_dropping=is_dropping,
        )


def only_new(record: MoveRecord, *, tables: list[TablePair], pair: Pair) -> int:
    """Return how many changes only the new owner has: those that were not followed backwards yet."""
    logs = [pair.source.changelog(record.pk, table.number) for table in tables]
    return sum(pair.source.backlog(log)[0] for log in logs)


def complete(service: str, *, actor: str, is_dropping: bool = False) -> Ending:
    """Take away what followed and fenced, and end the move. Idempotent; run it again if it was killed.

    The stage changes first: from the moment in which a changelog is gone, `reverse` would lose what was written.
    Raises:
        MoveError: the service does not own the tables.
    """
    record = _switched(service)
    if record.at is MoveStage.SWITCHED:
        open_owner(record)
    token = records.acquire(record, is_forced=True)
    ours = dialect_of(source_connection())
    try:
        ours.open_source()
        with target_fence(record) as theirs, open_pair(service, is_backward=True) as pair:
            tables = table_pairs(record, pair=pair)
            found = Ending(
                service=service,
                tables=tuple(table.target.name for table in tables),
                only_new=only_new(record, tables=tables, pair=pair),
                is_dropping=is_dropping,
            )
            records.change_stage(record, MoveStage.COMPLETED, actor=actor)
            retract(record)
            _stop_following(Fence(dialect=ours, move=record.pk, service=service), theirs, record, tables)
        if is_dropping:
            _drop(Fence(dialect=ours, move=record.pk, service=service), found.tables)
    finally:
        ours.connection.close()
        records.release(record, token=token)
    return found


def _switched(service: str) -> MoveRecord:
    record = records.latest(service)
    if record.at not in {MoveStage.SWITCHED, MoveStage.COMPLETED}:
        message = f"it is {record.stage}. Only a move that is switched can be completed."
        raise MoveError(message, move=service)
    return record


def _stop_following(ours: Fence, theirs: Fence, record: MoveRecord, tables: list[TablePair]) -> None:
    """Take changelogs and triggers away on both sides, and the fence of the service; that of the old tables stays."""
    for table in tables:
        for fence, shape in ((theirs, table.source), (ours, table.target)):
            ddl = fence.dialect.unfollow_ddl(shape, move=record.pk, number=table.number)
            fence.run_hastily(ddl)
    theirs.disarm({table.number: table.source.name for table in tables})
    for fence in (ours, theirs):
        Notes(target=fence.dialect, move=record.pk).end()
        fence.dialect.execute(
            Statement(sql="DELETE FROM strangler_position WHERE move_id = %s", params=(record.pk,))
        )


def _drop(ours: Fence, tables: tuple[str, ...]) -> None:
    """Drop the old tables, those that others refer to last; their triggers go with them."""
    names = [ours.dialect.quote(name) for name in reversed(tables)]
    ours.run_hastily([f"DROP TABLE IF EXISTS {name}" for name in names])
