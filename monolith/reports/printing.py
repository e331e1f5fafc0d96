"""Who prints what: one big JOIN over users × orders × items × photos, in plain SQL, within the request."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from monolith.reports.period import Period

# Portable as it is to SQLite, MariaDB, MySQL and PostgreSQL: no date functions, no casts, every column that is
# selected is grouped.
SQL = """
SELECT u.id, u.username, u.email,
       COUNT(DISTINCT o.id) AS orders,
       COUNT(DISTINCT p.id) AS printed_photos,
       (SELECT COUNT(*) FROM photos_photo q WHERE q.owner_id = u.id) AS uploaded_photos,
       SUM(CASE WHEN p.id IS NULL THEN 0 ELSE i.quantity END) AS prints,
       SUM(i.quantity * i.unit_price) AS revenue,
       MAX(p.width * p.height) AS largest_pixels,
       MAX(o.placed_at) AS last_order_at
  FROM auth_user u
  JOIN orders_order o ON o.user_id = u.id
  JOIN orders_orderitem i ON i.order_id = o.id
  LEFT JOIN photos_photo p ON p.id = i.photo_id
 WHERE o.status <> %s AND o.placed_at >= %s AND o.placed_at < %s
 GROUP BY u.id, u.username, u.email
 ORDER BY revenue DESC, u.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """What one customer ordered, printed and uploaded.

    Args:
        orders, printed_photos, prints, revenue, last_order_at: of the period.
        uploaded_photos: of all time.
        largest_pixels: of the largest photo printed in the period; None without one.
    """

    user_id: int
    username: str
    email: str
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


def printing_customers(period: Period) -> list[Printer]:
    """Return every customer who ordered in *period*, best first; takes as long as the database takes."""
    bounds = [connection.ops.adapt_datetimefield_value(each) for each in (period.start, period.end)]
    with connection.cursor() as cursor:
        cursor.execute(SQL, ["cancelled", *bounds])
        return [_printer(row) for row in cursor.fetchall()]


def _printer(row: tuple[Any, ...]) -> Printer:
    user_id, username, email, orders, printed, uploaded, prints, revenue, largest, last = row
    return Printer(
        user_id=user_id,
        username=username,
        email=email,
        orders=orders,
        printed_photos=printed,
        uploaded_photos=uploaded,
        prints=int(prints),
        revenue=Decimal(str(revenue)).quantize(Decimal("0.01")),
        largest_pixels=None if largest is None else int(largest),
        last_order_at=_moment(last),
    )


def _moment(value: datetime | str) -> datetime:
    """Return what the driver gave as an aware moment: SQLite gives text, MariaDB a naive UTC time."""
    moment = parse_datetime(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if is_naive(moment) else moment
