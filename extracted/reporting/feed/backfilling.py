"""Fill the read model from the shop: whole tables in chunks by primary key, while changes go on arriving.

Each chunk and the note how far it went are one transaction, so a backfill that was killed goes on where it was, and
one that runs beside another does no harm. Run again with `restart` it repairs: what is missing comes, what the shop
does not have goes.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from extracted.reporting.feed.applying import Change, apply_chunk
from extracted.reporting.feed.tables import TABLES
from extracted.reporting.models import Position

Ask = Callable[..., Any]
Tell = Callable[[str, int], object]


def backfill(ask: Ask, *, tables: Sequence[str] = tuple(TABLES), restart: bool = False, tell: Tell) -> int:
    """Ask for all rows of *tables* that have not been asked for yet, and return how many came.

    Args:
        ask: returns the chunk of a table after a key, as `asking.chunk` does.
        restart: begin at the beginning.
        tell: is called with the table and its rows so far after each chunk.
    Raises:
        FeedError: the shop did not answer; what came is kept, run it again.
    """
    if restart:
        Position.objects.filter(table__in=tables).update(upto=0, rows=0, finished_at=None)
    return sum(_fill(table, ask=ask, tell=tell) for table in tables)


def _fill(table: str, *, ask: Ask, tell: Tell) -> int:
    position, _ = Position.objects.get_or_create(table=table)
    came = 0
    while position.finished_at is None:
        came += _step(position, Change.parse(ask(table, after=position.upto)))
        tell(table, position.rows)
    return came


@transaction.atomic
def _step(position: Position, change: Change) -> int:
    apply_chunk(change)
    position.rows += len(change.rows)
    if change.upto is None:
        position.finished_at = timezone.now()
    else:
        position.upto = change.upto
    position.save()
    return len(change.rows)
