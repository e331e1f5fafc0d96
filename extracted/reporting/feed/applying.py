"""Apply what the shop tells: messages of changes, chunks of tables, marks.

See Note [Older rows never replace newer ones] in `extracted.reporting.models.star`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from extracted.reporting.errors import FeedError
from extracted.reporting.feed.tables import TABLES, Table, days_of, moment
from extracted.reporting.models import Day, Feed, Gone
from extracted.reporting.models.star import Replica

MARGIN = timedelta(minutes=10)
"""Longer than any transaction of the shop may stay open."""
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Rows of a table as the shop read them at a moment; *upto* and *after* only for a chunk."""

    name: str
    table: Table
    rows: Sequence[Replica]
    deleted: Sequence[int]
    at: datetime
    after: int = 0
    upto: int | None = None

    @classmethod
    def parse(cls, body: Any) -> "Change":
        """Read the body of a message or the answer to a question.

        Raises: FeedError: names what can't be understood; trying again would give the same.
        """
        try:
            table, at = TABLES[body["table"]], moment(body["at"])
            columns = body["columns"]
            rows = [table.row(dict(zip(columns, row, strict=True)), changed_at=at) for row in body["rows"]]
            return cls(
                name=body["table"],
                table=table,
                rows=rows,
                deleted=[int(each) for each in body["deleted"]],
                at=at,
                after=body.get("after", 0),
                upto=body.get("upto"),
            )
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise FeedError(f"a change can't be understood: {type(error).__name__} {error}") from error


def apply_change(body: Any) -> int:
    """Apply a message: its rows replace older ones, what it says is deleted is remembered as that; idempotent.

    Returns: how many rows there were.
    Raises: FeedError: the message can't be understood.
    """
    change = Change.parse(body)
    with transaction.atomic():
        feed = _locked()
        _write(change.table, change.rows)
        _forget(change)
        feed.applied += len(change.rows) + len(change.deleted)
        feed.save(update_fields=["applied"])
    return len(change.rows)


def apply_chunk(change: Change) -> None:
    """Apply rows of a backfill, and remove those of its range that the shop does not have; idempotent.

    In the caller's transaction.
    """
    _locked()
    told = change.at - MARGIN
    ids = [row.pk for row in change.rows]
    mine = change.table.model.objects.filter(pk__gt=change.after)
    mine = mine.filter(pk__lte=change.upto) if change.upto is not None else mine
    newer = set(mine.filter(changed_at__gt=told).values_list("pk", flat=True))
    gone = Gone.objects.filter(table=change.name, row__in=ids, at__gt=told)
    newer |= set(gone.values_list("row", flat=True))
    mine.exclude(pk__in=ids).filter(changed_at__lte=told).delete()
    _write(change.table, [row for row in change.rows if row.pk not in newer])


def apply_mark(as_of: datetime) -> None:
    """Note that everything the shop committed before *as_of* is here."""
    with transaction.atomic():
        feed = _locked()
        feed.as_of = max(filter(None, (feed.as_of, as_of)))
        feed.marked_at = timezone.now()
        feed.save(update_fields=["as_of", "marked_at"])


def forget_gone() -> None:
    """Remove what is remembered of deleted rows and no chunk can bring back any more."""
    Gone.objects.filter(at__lt=timezone.now() - 6 * MARGIN).delete()


def _locked() -> Feed:
    Feed.objects.get_or_create(pk=1)
    return Feed.objects.select_for_update().get(pk=1)


def _write(table: Table, rows: Sequence[Replica]) -> None:
    Day.objects.bulk_create(days_of(rows), ignore_conflicts=True)
    table.model.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        update_fields=table.updated,
        **_unique_fields(),
    )


def _unique_fields() -> dict[str, list[str]]:
    """Return what says which rows conflict; MariaDB and MySQL need, and allow, no such thing."""
    return {} if connection.vendor == "mysql" else {"unique_fields": ["id"]}


def _forget(change: Change) -> None:
    change.table.model.objects.filter(pk__in=change.deleted).delete()
    Gone.objects.filter(table=change.name, row__in=change.deleted).delete()
    Gone.objects.bulk_create([Gone(table=change.name, row=each, at=change.at) for each in change.deleted])
    # A row that came back (a restored backup keeps its keys) is not gone.
    Gone.objects.filter(table=change.name, row__in=[row.pk for row in change.rows]).delete()
