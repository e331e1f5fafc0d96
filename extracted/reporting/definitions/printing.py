"""Who prints what: the report whose JOIN stopped the shop, on tables that nobody logs in with."""

from datetime import UTC, datetime

from django.db import connection

from extracted.reporting.definitions.parameters import Year
from extracted.reporting.definitions.report import (
    Chart,
    Column,
    Kind,
    Query,
    Report,
    Values,
    place_in_ranking,
)


def _arguments(values: Values) -> list[object]:
    start, end = (datetime(values["year"] + add, 1, 1, tzinfo=UTC) for add in (0, 1))
    return [connection.ops.adapt_datetimefield_value(each) for each in (start, end)]


PRINTING = Report(
    name="printing",
    title="Who prints what",
    description="Every customer who ordered: orders, photos, prints, revenue, the largest photo.",
    parameters=(Year(),),
    columns=(
        Column(name="user_id", title="Number", kind=Kind.NUMBER),
        Column(name="username", title="Customer"),
        Column(name="email", title="Address"),
        Column(name="orders", title="Orders", kind=Kind.NUMBER),
        Column(name="printed_photos", title="Photos printed", kind=Kind.NUMBER),
        Column(name="uploaded_photos", title="Photos uploaded", kind=Kind.NUMBER),
        Column(name="prints", title="Prints", kind=Kind.NUMBER),
        Column(name="revenue", title="Revenue", kind=Kind.MONEY),
        Column(name="largest_pixels", title="Largest, pixels", kind=Kind.NUMBER),
        Column(name="last_order_at", title="Last order", kind=Kind.MOMENT),
    ),
    query=Query(
        sql="""
SELECT * FROM (
SELECT c.id, c.username, c.email,
       COUNT(DISTINCT o.id) AS orders,
       COUNT(DISTINCT p.id) AS printed_photos,
       (SELECT COUNT(*) FROM reporting_photofact q WHERE q.owner_id = c.id) AS uploaded_photos,
       SUM(CASE WHEN p.id IS NULL THEN 0 ELSE i.quantity END) AS prints,
       SUM(i.quantity * i.unit_price) AS revenue,
       MAX(p.width * p.height) AS largest_pixels,
       MAX(o.placed_at) AS last_order_at,
       SUM(i.quantity * i.unit_price) AS spent,
       c.id AS customer
  FROM reporting_customer c
  JOIN reporting_orderfact o ON o.customer_id = c.id
  JOIN reporting_orderitemfact i ON i.order_id = o.id
  LEFT JOIN reporting_photofact p ON p.id = i.photo_id
 WHERE o.status <> 'cancelled' AND o.placed_at >= %s AND o.placed_at < %s
 GROUP BY c.id, c.username, c.email) ranked
 {after}
 ORDER BY spent DESC, customer
 LIMIT {limit}
""",
        after="WHERE spent < %s OR (spent = %s AND customer > %s)",
        keys=2,
        arguments=_arguments,
        place=place_in_ranking,
    ),
    chart=Chart(label="username", value="revenue"),
    page_rows=20_000,
)
