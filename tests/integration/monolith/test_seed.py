"""`manage.py seed`: plausible data of any amount."""

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Sum
from PIL import Image

from monolith.billing.models import Invoice, InvoiceCounter, Payment
from monolith.catalog.models import Product, Variant
from monolith.orders.models import Order, OrderItem
from monolith.photos.models import Photo
from monolith.seed import pictures


@pytest.fixture(autouse=True)
def _small_pictures(monkeypatch):
    monkeypatch.setattr(pictures, "LONG", 150)
    monkeypatch.setattr(pictures, "SHORT", 100)


def seed(**amounts):
    out = StringIO()
    options = {"users": 0, "orders": 0, "photos": 0, "force": True, **amounts}
    call_command("seed", stdout=out, **options)
    return out.getvalue()


def counts():
    return User.objects.count(), Order.objects.count(), Photo.objects.count(), Variant.objects.count()


def test_the_amounts_are_what_was_asked_for():
    out = seed(users=30, orders=70, photos=55)
    assert User.objects.filter(is_staff=False).count() == 30
    assert (Order.objects.count(), Photo.objects.count()) == (70, 55)
    assert "Made 29 users, 55 photos and 70 orders." in out  # the 30th is demo


def test_a_second_run_adds_nothing():
    seed(users=20, orders=30, photos=40)
    before = counts()
    assert "Made 0 users, 0 photos and 0 orders." in seed(users=20, orders=30, photos=40)
    assert counts() == before


def test_a_larger_run_adds_what_is_missing():
    seed(users=10, orders=20, photos=30)
    seed(users=25, orders=45, photos=90)
    assert User.objects.filter(is_staff=False).count() == 25
    assert (Order.objects.count(), Photo.objects.count()) == (45, 90)


def test_the_demo_accounts_can_log_in_and_see_something(client):
    seed(users=5, orders=30, photos=20)
    assert client.login(username="demo", password="demo")
    assert "/media/seed/renditions/" in client.get("/photos/").text
    assert client.login(username="staff", password="staff")
    assert client.get("/reports/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_photos_are_real_files_with_real_checksums(settings, client):
    seed(users=3, photos=60)
    root = Path(settings.MEDIA_ROOT)
    for photo in Photo.objects.all():
        content = (root / photo.original).read_bytes()
        assert hashlib.sha256(content).hexdigest() == photo.checksum
        assert len(content) == photo.bytes
    with Image.open(root / photo.original) as image:
        assert image.size == (photo.width, photo.height)
    assert client.get(photo.thumbnail).getvalue()[:2] == b"\xff\xd8"


@pytest.mark.django_db(transaction=True)
def test_deleting_a_seeded_photo_keeps_the_files_that_others_share(client, files):
    seed(users=3, photos=20)
    client.login(username="demo", password="demo")
    before = files()
    photo = User.objects.get(username="demo").photos.first()
    client.post(f"/photos/{photo.uuid}/delete/")
    assert not Photo.objects.filter(pk=photo.pk).exists()
    assert files() == before


def test_orders_invoices_and_payments_add_up():
    seed(users=10, orders=80, photos=20)
    items = OrderItem.objects.values("order").annotate(sum=Sum(F("unit_price") * F("quantity")))
    sums = {row["order"]: row["sum"] for row in items}
    for order in Order.objects.select_related("invoice"):
        assert order.total == order.invoice.total == sums[order.pk].quantize(order.total)
    paid = Invoice.objects.annotate(count=Count("payments"))
    assert {each.order.status: each.count for each in paid.select_related("order")}.items() <= {
        "placed": 0,
        "cancelled": 0,
        "paid": 1,
        "sent": 1,
    }.items()
    assert Payment.objects.filter(amount=F("invoice__total")).count() == Payment.objects.count() > 0


def test_invoice_numbers_have_no_gaps():
    seed(orders=50, users=5)
    seed(orders=70, users=5)
    for counter in InvoiceCounter.objects.all():
        numbers = Invoice.objects.filter(number__startswith=f"{counter.year}-").values_list(
            "number", flat=True
        )
        assert sorted(numbers) == [f"{counter.year}-{number:07d}" for number in range(1, counter.last + 1)]


def test_people_print_their_own_photos():
    seed(users=5, orders=40, photos=50)
    assert OrderItem.objects.filter(photo__isnull=False).exists()
    assert not OrderItem.objects.filter(photo__isnull=False).exclude(photo__owner=F("order__user")).exists()


def test_the_number_of_queries_does_not_grow_with_every_row(django_assert_max_num_queries):
    seed(users=1)
    with django_assert_max_num_queries(160):
        seed(users=1_500, orders=900)


def test_the_catalogue_of_the_shop_stays_as_the_owner_changed_it():
    seed()
    Product.objects.filter(slug="canvas").update(name="Stretched canvas")
    Variant.objects.filter(sku="canvas-1").update(price="99.00")
    seed()
    variant = Variant.objects.select_related("product").get(sku="canvas-1")
    assert (variant.product.name, str(variant.price)) == ("Stretched canvas", "99.00")


def test_progress_is_plain_lines_when_nobody_watches():
    lines = seed(users=201).splitlines()
    assert lines[0] == "users: 200 of 200"
    assert all("\x1b" not in line for line in lines)


def test_a_shop_that_may_be_real_is_refused():
    with pytest.raises(CommandError, match="Add --force if you mean it"):
        seed(users=1, force=False)
    assert not User.objects.exists()


@pytest.mark.parametrize("amount", ["-1", "many", "1.5"])
def test_a_bad_amount_is_refused(amount):
    with pytest.raises(CommandError, match="is not a whole number"):
        call_command("seed", f"--users={amount}", "--force")
