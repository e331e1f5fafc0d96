"""Figures of the reports, against the same figures computed here in Python."""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from random import Random

import pytest

from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from monolith.reports.period import Period
from monolith.reports.printing import printing_customers
from monolith.reports.sales import best_customers, monthly_sales

YEAR = Period.of_year(2026)
EDGES = [
    datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
]


def make_photo(owner, number):
    return Photo.objects.create(
        owner=owner,
        filename=f"{number}.jpg",
        original=f"legacy/originals/{number}.jpg",
        checksum=f"{number:064d}",
        width=1000 + number,
        height=1000,
        bytes=1,
        uploaded_at=EDGES[0],
    )


def make_order(user, variants, *, at, status, random, photos):
    order = Order.objects.create(user=user, placed_at=at, status=status)
    for _ in range(random.randint(1, 4)):
        variant = random.choice(variants)
        photo = random.choice([None, *photos])
        OrderItem.objects.create(
            order=order, variant=variant, photo=photo, unit_price=variant.price, quantity=random.randint(1, 5)
        )
    order.total = sum(item.amount for item in order.items.all())
    order.save()


@pytest.fixture
def _business(make_customer, canvas, album):
    random = Random(7)
    variants = [canvas.variants.get(), album.variants.get()]
    for person in range(6):
        user = make_customer(f"customer{person}")
        photos = [make_photo(user, 10 * person + number) for number in range(person)]
        moments = [datetime(2026, random.randint(1, 12), random.randint(1, 28), tzinfo=UTC) for _ in range(5)]
        for at in [*EDGES, *moments]:
            status = random.choice(["placed", "paid", "sent", "cancelled"])
            make_order(user, variants, at=at, status=status, random=random, photos=photos)
    make_customer("nobody")


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
