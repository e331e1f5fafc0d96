"""Give a move up: whatever it made goes, the monolith's tables stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.stages import MoveStage, advance_move
from strangler.move import laying, records
from strangler.move.announcing import retract, wait_until_known
from strangler.move.dialects.base import Statement
from strangler.rollout.propagation import wait_until_settled
from strangler.rollout.snapshot import FORGET_AFTER, read_revision

if TYPE_CHECKING:
    from strangler.move.databases import Pair
    from strangler.move.models import MoveRecord
    from strangler.move.tables import TablePair


def statements(
    record: MoveRecord, *, tables: list[TablePair], pair: Pair, is_emptied: bool
) -> list[tuple[str, str]]:
    """Return the end and the text of every statement that `cancel` would run."""
    found = [
        ("source", sql)
        for table in tables
        for sql in pair.source.unfollow_ddl(table.source, move=record.pk, number=table.number)
    ]
    if is_emptied:
        found += [("target", _empty(table, pair=pair)) for table in reversed(tables)]
    return found


def cancel(record: MoveRecord, *, pair: Pair, is_emptied: bool, actor: str, reason: str = "") -> None:
    """Take triggers and changelogs away and end the move; idempotent, and safe while another process works on it.

    That process can write nothing from then on, and ends at its next look at the record.
    Args:
        is_emptied: delete the copied rows from the target as well, so that the move can be started anew; once every
            running process follows the rollouts and the owner of the tables, since one that is behind may still read there.
    Raises:
        MoveTransitionError: the service owns the tables; reverse first.
    """
    advance_move(record.at, stage=MoveStage.CANCELLED, move=record.service)
    records.acquire(record, is_forced=True)
    tables = laying.table_pairs(record, pair=pair)
    laying.lift(record, tables=tables, pair=pair)
    if is_emptied:
        wait_until_settled(read_revision(), timeout=FORGET_AFTER)
        wait_until_known(record)
        for table in reversed(tables):
            pair.target.execute(Statement(sql=_empty(table, pair=pair)))
    records.change_stage(record, MoveStage.CANCELLED, actor=actor, reason=reason)
    retract(record)
    records.release(record, token=record.token)


def _empty(table: TablePair, *, pair: Pair) -> str:
    return f"DELETE FROM {pair.target.quote(table.target.name)}"  # noqa: S608
