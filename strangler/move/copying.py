"""Copy tables in chunks through their primary keys.

Note [Bursts]: a chunk is read ahead while the one before is loaded, but only within a burst. When a burst ends, no
chunk is on its way, and a following step may forget changes of rows beyond the position: the chunk that will bring
such a row has not been read yet. So no late chunk can bring back a row that was deleted.

Memory stays that of two chunks, however large the table: keyset pages, not a cursor, which a driver would buffer.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.move.chunks import SMALLEST, ChunkSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from strangler.move.databases import Pair
    from strangler.move.dialects.base import Batch, Columns, Key
    from strangler.move.positions import Positions
    from strangler.move.tables import TablePair

BURST = timedelta(seconds=3)  # each beginning costs one chunk that was not read ahead
PARTS = 4  # and so that is a small one: so much of a usual chunk


@dataclass(slots=True, kw_only=True)
class Copier:
    """Copy one table. Any crash is only a pause: the position commits with the rows.

    Args:
        pair: both ends; the source's connection is used by a thread of the copier while it works.
        positions: of the move, on the target.
        table: what is copied.
        throttle: is told after each chunk how many rows it had; may sleep, may raise to stop the burst.
        size: how many rows to take at a time.
    """

    pair: Pair
    positions: Positions
    table: TablePair
    throttle: Callable[[int], None] = lambda _rows: None
    size: ChunkSize = field(default_factory=ChunkSize)

    def burst(self, *, duration: timedelta = BURST) -> bool:
        """Copy chunks for about *duration* and return whether the table is complete.

        Raises:
            MoveBusyError: another process has the move now; nothing of the chunk was written.
            DatabaseError: the chunk was rolled back; call again.
        """
        position = self.positions.read(self.table.number)
        if position.is_complete:
            return True
        until = time.monotonic() + duration.total_seconds()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="strangler-copy") as reader:
            is_complete = self._copy(reader, after=position.key, until=until)
        if is_complete:
            self.positions.completed(self.table.number)
        return is_complete

    def _copy(self, reader: ThreadPoolExecutor, *, after: Key | None, until: float) -> bool:
        """Return whether a page without rows was met. See Note [Never taken for the end] in `attempts`."""
        first = min(self.size.rows, max(SMALLEST, self.size.rows // PARTS))
        upcoming: Future[Batch] | None = reader.submit(self._read, after, first)
        while upcoming is not None:
            batch = upcoming.result()
            if batch.last_key is None:
                return True
            is_last = time.monotonic() > until
            upcoming = None if is_last else reader.submit(self._read, batch.last_key, self.size.rows)
            self._load(batch, key=batch.last_key)
            self.throttle(batch.count)
        return False

    def _read(self, after: Key | None, limit: int) -> Batch:
        return self.pair.source.read_page(
            self.table.source, after=after, limit=limit, target=target_columns(self.table)
        )

    def _load(self, batch: Batch, *, key: Key) -> None:
        started = time.monotonic()
        with self.pair.target.transaction():
            self.positions.copied(self.table.number, key=key, rows=batch.count)
            self.pair.target.load(self.table.target, batch, columns=self.table.source.stored)
        seconds = time.monotonic() - started
        self.size.measured(rows=batch.count, size=len(batch.lines), seconds=seconds)


def target_columns(table: TablePair) -> Columns:
    """Return the target's columns in the order of the fields that the source writes."""
    return tuple(table.target.column(name) for name in table.columns)
