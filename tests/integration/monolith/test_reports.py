"""Figures of the reports, against the same figures computed here in Python."""

import csv
from collections import defaultdict
from decimal import Decimal
from io import StringIO

import pytest

from monolith.orders.models import Order
from monolith.reports.period import Period
from monolith.reports.printing import printing_customers
from monolith.reports.sales import best_customers, monthly_sales
from tests.integration.monolith.reports_business import make_business

YEAR = Period.of_year(2026)


@pytest.fixture
def _business(make_customer, canvas, album):
    make_business(make_customer, [canvas.variants.get(), album.variants.get()])


def sold():
    return [
        order
        for order in Order.objects.select_related("user").prefetch_related("items__photo")
        if order.status != "cancelled" and YEAR.start <= order.placed_at < YEAR.end
    ]


def expected_printing():
    by_user = defaultdict(list)
    for order in sold():
        by_user[order.user].append(order)
    rows = []
    for user, orders in by_user.items():
        items = [item for order in orders for item in order.items.all()]
        photos = {item.photo for item in items if item.photo}
        rows.append(
            {
                "user_id": user.pk,
                "username": user.username,
                "email": user.email,
                "orders": len(orders),
                "printed_photos": len(photos),
                "uploaded_photos": user.photos.count(),
                "prints": sum(item.quantity for item in items if item.photo),
                "revenue": sum(item.amount for item in items),
                "largest_pixels": max((photo.width * photo.height for photo in photos), default=None),
                "last_order_at": max(order.placed_at for order in orders),
            }
        )
    return sorted(rows, key=lambda row: (-row["revenue"], row["user_id"]))


@pytest.mark.usefixtures("_business")
def test_who_prints_what_is_right_to_the_penny():
    rows = printing_customers(YEAR)
    assert [
        {name: getattr(row, name) for name in expected_printing()[0]} for row in rows
    ] == expected_printing()


@pytest.mark.usefixtures("_business")
def test_sales_by_month_are_right_to_the_penny():
    months = defaultdict(list)
    for order in sold():
        months[order.placed_at.date().replace(day=1)].append(order)
    expected = [
        (month, len(orders), len({order.user_id for order in orders}), sum(order.total for order in orders))
        for month, orders in sorted(months.items())
    ]
    assert [(row.month, row.orders, row.customers, row.revenue) for row in monthly_sales(YEAR)] == expected


@pytest.mark.usefixtures("_business")
def test_the_best_customers_are_those_who_spent_most():
    spent = defaultdict(Decimal)
    for order in sold():
        spent[order.user.username] += order.total
    expected = sorted(spent.items(), key=lambda pair: -pair[1])[:3]
    assert [(row.username, row.revenue) for row in best_customers(YEAR, limit=3)] == expected


def test_a_year_without_sales_has_no_rows():
    assert monthly_sales(YEAR) == best_customers(YEAR) == printing_customers(YEAR) == []


@pytest.mark.usefixtures("_business")
def test_the_staff_sees_the_year(staff):
    page = staff.get("/reports/?year=2026").text
    revenue = sum(order.total for order in sold())
    assert f"£{revenue:,}" in page
    assert "January" in page
    assert "customer5" in staff.get("/reports/printing/?year=2026").text


@pytest.mark.usefixtures("_business")
@pytest.mark.parametrize(
    ("path", "rows"), [("sales.csv?", monthly_sales), ("best-customers.csv?", best_customers)]
)
def test_reports_are_downloaded_as_csv(staff, path, rows):
    answer = staff.get(f"/reports/{path}year=2026")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].endswith('-2026.csv"')
    table = list(csv.DictReader(StringIO(answer.text)))
    assert [row["revenue"] for row in table] == [str(row.revenue) for row in rows(YEAR)]


@pytest.mark.usefixtures("_business")
def test_who_prints_what_is_downloaded_as_csv(staff):
    answer = staff.get("/reports/printing/?year=2026&format=csv")
    table = list(csv.DictReader(StringIO(answer.text)))
    assert [(row["username"], row["revenue"]) for row in table] == [
        (row["username"], str(row["revenue"])) for row in expected_printing()
    ]


@pytest.mark.parametrize("path", ["", "sales.csv", "best-customers.csv", "printing/"])
def test_reports_are_for_the_staff_only(browser, client, path):
    assert browser.get(f"/reports/{path}").status_code == 403
    assert client.get(f"/reports/{path}")["Location"].startswith("/account/login/")
