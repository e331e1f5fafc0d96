"""Sales by month and the best customers, with the ORM."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth

from monolith.orders.models import Order
from monolith.reports.period import Period

BEST = 20


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


def monthly_sales(period: Period) -> list[MonthlySales]:
    """Return a row per month of *period* in which something was sold, in order."""
    rows = (
        _sold(period)
        .annotate(month=TruncMonth("placed_at"))
        .order_by("month")
        .values("month")
        .annotate(orders=Count("pk"), customers=Count("user", distinct=True), revenue=Sum("total"))
    )
    return [
        MonthlySales(**{**row, "month": row["month"].date(), "revenue": _pounds(row["revenue"])})
        for row in rows
    ]


def best_customers(period: Period, *, limit: int = BEST) -> list[BestCustomer]:
    """Return the customers who spent most in *period*, best first."""
    rows = (
        _sold(period)
        .order_by()
        .values("user_id", "user__username", "user__email")
        .annotate(orders=Count("pk"), revenue=Sum("total"))
        .order_by("-revenue", "user_id")[:limit]
    )
    return [
        BestCustomer(
            username=row["user__username"],
            email=row["user__email"],
            orders=row["orders"],
            revenue=_pounds(row["revenue"]),
        )
        for row in rows
    ]


def _sold(period: Period) -> QuerySet[Order]:
    within = Order.objects.filter(placed_at__gte=period.start, placed_at__lt=period.end)
    return within.exclude(status=Order.Status.CANCELLED)


def _pounds(value: Decimal) -> Decimal:
    # SQLite adds up floating point numbers.
    return Decimal(value).quantize(Decimal("0.01"))
