"""Sales by month, and the best customers: the shop's own two reports, from the read model."""

from extracted.reporting.definitions.parameters import Count, Year
from extracted.reporting.definitions.report import Chart, Column, Kind, Query, Report, place_in_ranking

BEST = 20

MONTHLY = Report(
    name="sales",
    title="Sales by month",
    description="Orders, customers and revenue of each month in which something was sold.",
    parameters=(Year(),),
    columns=(
        Column(name="month", title="Month", kind=Kind.DAY),
        Column(name="orders", title="Orders", kind=Kind.NUMBER),
        Column(name="customers", title="Customers", kind=Kind.NUMBER),
        Column(name="revenue", title="Revenue", kind=Kind.MONEY),
    ),
    query=Query(
        sql="""
SELECT d.month, COUNT(*), COUNT(DISTINCT o.customer_id), SUM(o.total), d.month
  FROM reporting_day d
  JOIN reporting_orderfact o ON o.day_id = d.date
 WHERE d.year = %s AND o.status <> 'cancelled' {after}
 GROUP BY d.month
 ORDER BY d.month
 LIMIT {limit}
""",
        after="AND d.month > %s",
        keys=1,
        arguments=lambda values: [values["year"]],
    ),
    chart=Chart(label="month", value="revenue"),
)

# Ranked by what is summed up, so the condition on the key stands around the sums.
BEST_CUSTOMERS = Report(
    name="best-customers",
    title="Best customers",
    description="Who spent most.",
    parameters=(Year(), Count(name="most", title="How many", preset=BEST, most=1_000)),
    columns=(
        Column(name="username", title="Customer"),
        Column(name="email", title="Address"),
        Column(name="orders", title="Orders", kind=Kind.NUMBER),
        Column(name="revenue", title="Revenue", kind=Kind.MONEY),
    ),
    query=Query(
        sql="""
SELECT * FROM (
SELECT c.username, c.email, COUNT(*) AS orders, SUM(o.total) AS revenue, SUM(o.total) AS spent, c.id AS customer
  FROM reporting_day d
  JOIN reporting_orderfact o ON o.day_id = d.date
  JOIN reporting_customer c ON c.id = o.customer_id
 WHERE d.year = %s AND o.status <> 'cancelled'
 GROUP BY c.id, c.username, c.email) ranked
 {after}
 ORDER BY spent DESC, customer
 LIMIT {limit}
""",
        after="WHERE spent < %s OR (spent = %s AND customer > %s)",
        keys=2,
        arguments=lambda values: [values["year"]],
        place=place_in_ranking,
    ),
    chart=Chart(label="username", value="revenue"),
    most=lambda values: values["most"],
)
