"""What the reporting service hears of the shop's rows: by message when they change, in chunks when it asks.

Messages are written in the transaction of the change, so none is lost and none tells of what was rolled back. A
message has whole rows as they are then, and its rows replace older ones. Off unless `REPORTS_FEED` is set: a shop
without the service writes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from monolith.catalog.door import products_by_id
from monolith.catalog.models import Variant
from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from strangler import outbox

CHANGED = "reporting.changed"
MARKED = "reporting.marked"
QUEUE = "reporting"
MESSAGE_ROWS = 200
"""Fits a message of 256 KiB even when all names and addresses are as long as they may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that reports are made of: what the service calls its columns → what the shop does."""

    model: type[Model]
    columns: dict[str, str]

    def is_about(self, fields: Iterable[str] | None) -> bool:
        """Tell whether saving *fields* (None: all) can change what the service knows."""
        return fields is None or not set(self.columns.values()).isdisjoint(self._columns_of(fields))

    def _columns_of(self, fields: Iterable[str]) -> set[str]:
        return {self.model._meta.get_field(name).attname for name in fields}


TABLES = {
    "customer": Table(
        model=get_user_model(),
        columns={"username": "username", "email": "email", "joined_at": "date_joined"},
    ),
    "product": Table(
        model=Variant,
        columns={
            "sku": "sku",
            "variant": "name",
            "name": "product_id",  # see _named
            "category": "product_id",
        },
    ),
    "photo": Table(
        model=Photo,
        columns={
            "owner": "owner_id",
            "width": "width",
            "height": "height",
            "bytes": "bytes",
            "uploaded_at": "uploaded_at",
        },
    ),
    "order": Table(
        model=Order,
        columns={"customer": "user_id", "status": "status", "total": "total", "placed_at": "placed_at"},
    ),
    "item": Table(
        model=OrderItem,
        columns={
            "order": "order_id",
            "product": "variant_id",
            "photo": "photo_id",
            "description": "description",
            "quantity": "quantity",
            "unit_price": "unit_price",
        },
    ),
}


def announce(table: str, ids: Iterable[int]) -> None:
    """Tell the service how the rows *ids* of *table* are now; in the caller's transaction if there is one."""
    if not settings.REPORTS_FEED:
        return
    wanted = list(ids)
    with transaction.atomic():
        for begin in range(0, len(wanted), MESSAGE_ROWS):
            some = wanted[begin : begin + MESSAGE_ROWS]
            _send(table, key=some[0], rows=read_rows(table, pk__in=some), deleted=[])


def withdraw(table: str, row_id: int) -> None:
    """Tell the service that a row of *table* is gone; in the caller's transaction if there is one."""
    if settings.REPORTS_FEED:
        with transaction.atomic():
            _send(table, key=row_id, rows=[], deleted=[row_id])


def mark() -> bool:
    """Send a mark through the same way as the changes: what was committed before it has arrived when it arrives.

    Returns: False if the feed is off.
    """
    if settings.REPORTS_FEED:
        with transaction.atomic():
            outbox.send(MARKED, {"as_of": _now()}, to=QUEUE)
    return settings.REPORTS_FEED


def chunk(table: str, *, after: int, limit: int) -> dict[str, Any]:
    """Return up to *limit* rows of *table* above the primary key *after*, in order, as a message has them.

    `upto` is the last key that the chunk speaks for, None at the end of the table: a row between *after* and `upto`
    that is not in it does not exist.
    """
    moment = _now()
    rows = read_rows(table, limit=limit, pk__gt=after)
    upto = rows[-1][0] if len(rows) == limit else None
    return {**_body(table, rows=rows, deleted=[], at=moment), "after": after, "upto": upto}


def read_rows(table: str, *, limit: int | None = None, **conditions: Any) -> list[list[Any]]:
    """Return rows of *table* as JSON values, primary key first, in its order."""
    known = TABLES[table]
    found = known.model._default_manager.filter(**conditions).order_by("pk")  # noqa: SLF001 - see is_about
    rows = [list(row) for row in found.values_list("pk", *known.columns.values())[:limit]]
    if known.model is Variant:
        rows = _named(rows)
    return [[_json(value) for value in row] for row in rows]


def _named(rows: list[list[Any]]) -> list[list[Any]]:
    """Return rows of variants with names of products and categories in the place of their keys, as the catalogue says them."""
    products = products_by_id(row[-1] for row in rows)
    return [
        [*row[:-2], *((found.name, found.category.name) if (found := products.get(row[-1])) else ("", ""))]
        for row in rows
    ]


def _send(table: str, *, key: int, rows: Sequence[Any], deleted: Sequence[int]) -> None:
    body = _body(table, rows=rows, deleted=deleted, at=_now())
    outbox.send(CHANGED, body, to=QUEUE, key=f"reporting:{table}:{key}")


def _body(table: str, *, rows: Sequence[Any], deleted: Sequence[int], at: str) -> dict[str, Any]:
    columns = ["id", *TABLES[table].columns]
    return {"table": table, "columns": columns, "rows": list(rows), "deleted": list(deleted), "at": at}


def _now() -> str:
    return timezone.now().astimezone(UTC).isoformat()


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value
