"""Bring what changed on the source to the target: the latest state of each changed key.

Note [Latest state]: the changelog names keys, never values. A step reads the rows that have these keys now, deletes the
keys on the target and inserts the rows. So the order of entries does not matter, an entry may be followed twice, and
a key without a row is a tombstone. Deleting first lets rows exchange values of a unique column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError

from strangler.errors import MovePausedError
from strangler.move.copying import target_columns
from strangler.move.notes import Notes

if TYPE_CHECKING:
    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Changes, Key
    from strangler.move.positions import Positions
    from strangler.move.tables import TablePair

ENTRIES = 2_000  # of the changelog in one step
ALL_ENTRIES = 200_000  # in a step that needs to see all changes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Follow one table of a move; the same in both directions.

    Args:
        pair: where changes come from and where they go.
        positions: of the move, beside the rows that are written.
        table: its `source` is the shape on `pair.source`.
        move: id of the move, which names the changelog.
    """

    pair: Pair
    positions: Positions
    table: TablePair
    move: int

    @property
    def log(self) -> str:
        """Name of the changelog."""
        return self.pair.source.changelog(self.move, self.table.number)

    def step(self, *, limit: int = ENTRIES) -> int:
        """Follow up to *limit* entries and return how many; 0 says that none was committed when it was read.

        Call it while no chunk of the table is on its way. See Note [Bursts] in `copying`.
        Raises:
            MoveBusyError: another process has the move now; nothing was written.
            MovePausedError: the source was truncated.
            DatabaseError: the step was rolled back; call again.
        """
        upto = self._copied_upto()
        if upto is NOTHING:
            return self._forget_all(limit)
        changes = self._read(limit, upto=upto)
        try:
            self._apply(changes)
        except IntegrityError:
            # A row took a unique value that another one gave up in an entry beyond the limit.
            changes = self._read(ALL_ENTRIES, upto=upto)
            self._apply(changes)
        self.pair.source.forget_changes(self.log, ids=changes.ids)
        return len(changes.ids)

    def drain(self) -> int:
        """Follow until a step finds nothing; return how many entries there were. For use behind the fence."""
        total = 0
        while count := self.step():
            total += count
        return total

    def _copied_upto(self) -> Key | None:
        position = self.positions.read(self.table.number)
        if position.is_complete:
            return None
        return position.key if position.key is not None else NOTHING

    def _forget_all(self, limit: int) -> int:
        """Forget changes of a table of which nothing was copied yet: its chunks will bring them."""
        changes = self._read(limit, upto=None)
        self.pair.source.forget_changes(self.log, ids=changes.ids)
        return len(changes.ids)

    def _read(self, limit: int, *, upto: Key | None) -> Changes:
        changes = self.pair.source.read_changes(
            self.table.source, log=self.log, limit=limit, upto=upto, target=target_columns(self.table)
        )
        if changes.is_truncate:
            name = self.table.source.name
            raise MovePausedError(
                self.positions.service,
                name="truncated",
                reason=f"{name} was truncated on the source.",
                action="Cancel the move and start it again.",
            )
        return changes

    def _apply(self, changes: Changes) -> None:
        if not changes.keys:
            return
        with self.pair.target.transaction():
            self.positions.followed(self.table.number, rows=len(changes.keys))
            Notes(target=self.pair.target, move=self.move).add(self.table.number, changes.keys)
            self.pair.target.delete(self.table.target, changes.keys)
            self.pair.target.load(self.table.target, changes.batch, columns=self.table.source.stored)


NOTHING: Key = ()
"""Stands for the position before the first key."""
