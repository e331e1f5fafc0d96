"""The shop's rows as rows of the read model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from extracted.reporting.models import Customer, Day, OrderFact, OrderItemFact, PhotoFact, Product
from extracted.reporting.models.star import Replica

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One of the shop's tables: where its rows go, and which values they are made of."""

    model: type[Replica]
    columns: tuple[str, ...]
    fields: Callable[[Values], dict[str, Any]]

    def row(self, values: Values, *, changed_at: datetime) -> Replica:
        """Return the row of the read model for the shop's *values*; KeyError, TypeError or ValueError if they are none."""
        return self.model(id=int(values["id"]), changed_at=changed_at, **self.fields(values))

    @property
    def updated(self) -> list[str]:
        """Return the columns that a newer row replaces."""
        return [each.name for each in self.model._meta.concrete_fields if not each.primary_key]


def text(value: object) -> str:
    """Return *value* as a text that every database can store: NUL and halves of surrogates are replaced."""
    clean = str(value).replace("\0", "�")
    return clean.encode(errors="replace").decode()


def moment(value: str) -> datetime:
    """Return the moment, UTC, that ISO 8601 describes."""
    return datetime.fromisoformat(value).astimezone(UTC)


def _customer(values: Values) -> dict[str, Any]:
    return {
        "username": text(values["username"]),
        "email": text(values["email"]),
        "joined_at": moment(values["joined_at"]),
    }


def _product(values: Values) -> dict[str, Any]:
    return {key: text(values[key]) for key in ("sku", "name", "variant", "category")}


def _photo(values: Values) -> dict[str, Any]:
    uploaded_at = moment(values["uploaded_at"])
    numbers = {key: int(values[key]) for key in ("width", "height", "bytes")}
    return {
        "owner_id": values["owner"],
        "day_id": uploaded_at.date(),
        "uploaded_at": uploaded_at,
        **numbers,
    }


def _order(values: Values) -> dict[str, Any]:
    placed_at = moment(values["placed_at"])
    return {
        "customer_id": values["customer"],
        "day_id": placed_at.date(),
        "status": text(values["status"]),
        "total": Decimal(values["total"]),
        "placed_at": placed_at,
    }


def _item(values: Values) -> dict[str, Any]:
    return {
        "order_id": values["order"],
        "product_id": values["product"],
        "photo_id": values["photo"],
        "description": text(values["description"]),
        "quantity": int(values["quantity"]),
        "unit_price": Decimal(values["unit_price"]),
    }


TABLES = {
    "customer": Table(model=Customer, columns=("username", "email", "joined_at"), fields=_customer),
    "product": Table(model=Product, columns=("sku", "name", "variant", "category"), fields=_product),
    "photo": Table(
        model=PhotoFact, columns=("owner", "width", "height", "bytes", "uploaded_at"), fields=_photo
    ),
    "order": Table(model=OrderFact, columns=("customer", "status", "total", "placed_at"), fields=_order),
    "item": Table(
        model=OrderItemFact,
        columns=("order", "product", "photo", "description", "quantity", "unit_price"),
        fields=_item,
    ),
}
"""In the order of a backfill: what others refer to comes first."""


def days_of(rows: Iterable[Model]) -> list[Day]:
    """Return the days that *rows* refer to."""
    dates = {getattr(row, "day_id", None) for row in rows} - {None}
    return [day(each) for each in sorted(dates)]


def day(when: date) -> Day:
    """Return the row of a day."""
    return Day(
        date=when,
        year=when.year,
        quarter=(when.month + 2) // 3,
        month=when.replace(day=1),
        week=when.isocalendar().week,
        weekday=when.isoweekday(),
    )
