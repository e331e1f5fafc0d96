"""The rows of the shop's own reports, as its pages show them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from extracted.reporting.definitions import REPORTS
from extracted.reporting.models import OrderItemFact
from extracted.reporting.preview import all_rows, preview
from extracted.reporting.writing.cells import as_day, as_moment, money_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlySales:
    """One row of the report of sales by month."""

    month: date
    orders: int
    customers: int
    revenue: Decimal

    @property
    def average(self) -> Decimal:
        """Return the revenue per order."""
        return (self.revenue / self.orders).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BestCustomer:
    """One row of the report of best customers."""

    username: str
    email: str
    orders: int
    revenue: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """What one customer ordered, printed and uploaded."""

    username: str
    orders: int
    printed_photos: int
    uploaded_photos: int
    prints: int
    revenue: Decimal
    largest_pixels: int | None
    last_order_at: datetime

    @property
    def largest_megapixels(self) -> float | None:
        """Return the size of the largest printed photo in megapixels."""
        return None if self.largest_pixels is None else self.largest_pixels / 1_000_000


def monthly_sales(year: int) -> list[MonthlySales]:
    """Return a row per month of *year* in which something was sold, in order."""
    return [
        MonthlySales(month=as_day(row[0]), orders=row[1], customers=row[2], revenue=_money(row[3]))
        for rows in all_rows(REPORTS["sales"], {"year": year})
        for row in rows
    ]


def best_customers(year: int, *, limit: int) -> list[BestCustomer]:
    """Return the customers who spent most in *year*, best first."""
    rows = preview(REPORTS["best-customers"], {"year": year, "most": limit}, limit=limit).rows
    return [BestCustomer(username=r[0], email=r[1], orders=r[2], revenue=_money(r[3])) for r in rows]


def printers(year: int, *, limit: int) -> tuple[list[Printer], int]:
    """Return the first rows of who prints what in *year*, and how many customers there are."""
    seen = preview(REPORTS["printing"], {"year": year}, limit=limit)
    return [
        Printer(
            username=row[1],
            orders=row[3],
            printed_photos=row[4],
            uploaded_photos=row[5],
            prints=int(row[6]),
            revenue=_money(row[7]),
            largest_pixels=None if row[8] is None else int(row[8]),
            last_order_at=as_moment(row[9]),
        )
        for row in seen.rows
    ], _customers(year) if seen.is_cut else len(seen.rows)


def _customers(year: int) -> int:
    bought = OrderItemFact.objects.filter(order__day__year=year).exclude(order__status="cancelled")
    return bought.values("order__customer_id").distinct().count()


def _money(value: object) -> Decimal:
    return Decimal(money_text(value))
