"""Lists without any sum, for people who go on in a spreadsheet: long, and read in the order of the primary key."""

from datetime import UTC, datetime, time, timedelta

from django.db import connection

from extracted.reporting.definitions.parameters import DayOf
from extracted.reporting.definitions.report import Audience, Column, Kind, Query, Report, Values
from extracted.reporting.errors import ParameterError


def _span(values: Values) -> list[object]:
    start = datetime.combine(values["since"], time(), tzinfo=UTC)
    end = datetime.combine(values["until"], time(), tzinfo=UTC) + timedelta(days=1)
    return [connection.ops.adapt_datetimefield_value(each) for each in (start, end)]


def _check_order(values: Values) -> None:
    if values["since"] > values["until"]:
        raise ParameterError(f"since ({values['since']}) must not be after until ({values['until']})")


_DAYS = (DayOf(name="since", title="From", back=30), DayOf(name="until", title="To", back=0))

ORDER_LINES = Report(
    name="order-lines",
    title="Order lines",
    description="Every line of every order, for a spreadsheet.",
    parameters=_DAYS,
    check=_check_order,
    columns=(
        Column(name="line", title="Line", kind=Kind.NUMBER),
        Column(name="placed_at", title="Ordered", kind=Kind.MOMENT),
        Column(name="status", title="Status"),
        Column(name="customer", title="Customer"),
        Column(name="sku", title="Article"),
        Column(name="product", title="Product"),
        Column(name="category", title="Category"),
        Column(name="description", title="Description"),
        Column(name="quantity", title="Quantity", kind=Kind.NUMBER),
        Column(name="unit_price", title="Price", kind=Kind.MONEY),
    ),
    # Outer joins, which COALESCE keeps outer: so every optimiser reads the lines first, in the order of their key, and
    # stops after a page. With inner joins MariaDB begins with the products, and sorts all lines for each page.
    query=Query(
        sql="""
SELECT i.id, o.placed_at, o.status, c.username, p.sku, p.name, p.category, i.description, i.quantity, i.unit_price, i.id
  FROM reporting_orderitemfact i
  LEFT JOIN reporting_orderfact o ON o.id = i.order_id
  LEFT JOIN reporting_customer c ON c.id = o.customer_id
  LEFT JOIN reporting_product p ON p.id = i.product_id
 WHERE COALESCE(o.placed_at, '1970-01-01 00:00:00') >= %s
   AND COALESCE(o.placed_at, '1970-01-01 00:00:00') < %s {after}
 ORDER BY i.id
 LIMIT {limit}
""",
        after="AND i.id > %s",
        keys=1,
        arguments=_span,
        count="""
SELECT COUNT(*) FROM reporting_orderitemfact i JOIN reporting_orderfact o ON o.id = i.order_id
 WHERE o.placed_at >= %s AND o.placed_at < %s
""",
    ),
)

CUSTOMERS = Report(
    name="customers",
    title="Customers",
    description="Everybody who registered, with their addresses: personal data, for superusers only.",
    parameters=_DAYS,
    check=_check_order,
    audience=Audience.SUPERUSERS,
    columns=(
        Column(name="customer", title="Number", kind=Kind.NUMBER),
        Column(name="username", title="Customer"),
        Column(name="email", title="Address"),
        Column(name="joined_at", title="Registered", kind=Kind.MOMENT),
    ),
    query=Query(
        sql="""
SELECT c.id, c.username, c.email, c.joined_at, c.id
  FROM reporting_customer c
 WHERE c.joined_at >= %s AND c.joined_at < %s {after}
 ORDER BY c.id
 LIMIT {limit}
""",
        after="AND c.id > %s",
        keys=1,
        arguments=_span,
        count="SELECT COUNT(*) FROM reporting_customer c WHERE c.joined_at >= %s AND c.joined_at < %s",
    ),
)
