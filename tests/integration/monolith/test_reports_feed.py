"""What the shop tells the reporting service, when, and to whom."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from monolith.billing.invoicing import pay_by_demo_card
from monolith.orders.models import Order, OrderItem
from monolith.reports import feed
from strangler.outbox.models import OutboxMessage
from strangler.service import PRINCIPAL_HEADER, Principal, sign_principal
from tests.integration.monolith.test_orders import order as checkout
from tests.integration.monolith.test_orders import put

SERVICE = Principal.for_service("reporting")


@pytest.fixture(autouse=True)
def _feed(settings):
    settings.REPORTS_FEED = True


@pytest.fixture
def ask():
    """Return a function that asks as a service does, or as somebody else."""

    def ask(path, *, method="get", by=SERVICE):
        header = sign_principal(by, audience="monolith") if by else ""
        return getattr(Client(enforce_csrf_checks=True), method)(path, headers={PRINCIPAL_HEADER: header})

    return ask


def told(type_=feed.CHANGED):
    messages = OutboxMessage.objects.filter(type=type_, queue=feed.QUEUE).order_by("pk")
    return [json.loads(message.body) for message in messages]


def tables():
    return [body["table"] for body in told()]


def test_a_new_customer_is_told_of_once_committed(make_customer):
    with transaction.atomic():
        make_customer("ghost")
        transaction.set_rollback(True)
    make_customer("ada")
    (body,) = told()
    assert dict(zip(body["columns"], body["rows"][0], strict=True)) | {"joined_at": 0} == {
        "id": User.objects.get().pk,
        "username": "ada",
        "email": "ada@example.org",
        "joined_at": 0,
    }


def test_a_login_costs_no_message(make_customer):
    user = make_customer("ada")
    OutboxMessage.objects.all().delete()
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    assert told() == []
    user.email = "new@example.org"
    user.save(update_fields=["email"])
    assert told()[0]["rows"][0][2] == "new@example.org"


def test_nothing_is_written_while_the_feed_is_off(settings, make_customer, ask):
    settings.REPORTS_FEED = False
    make_customer("ada").delete()
    assert OutboxMessage.objects.count() == 0
    assert ask("/reports/feed/mark/", method="post").status_code == 409


def test_a_checkout_tells_of_the_order_and_its_lines_and_paying_of_the_new_status(browser, album):
    put(browser, album)
    OutboxMessage.objects.all().delete()
    checkout(browser)
    made = Order.objects.get()
    assert tables() == ["order", "item"]  # the stock changed as well, but no report shows it
    assert told()[0]["rows"][0][2] == "placed"
    assert told()[1]["rows"][0][1] == made.pk
    pay_by_demo_card(made.invoice, card_last4="4242")
    assert told()[-1]["rows"][0][:3] == [made.pk, made.user_id, "paid"]


def test_what_is_deleted_is_withdrawn(make_customer):
    user = make_customer("ada")
    pk = user.pk
    OutboxMessage.objects.all().delete()
    user.delete()
    assert (tables(), told()[0]["deleted"], told()[0]["rows"]) == (["customer"], [pk], [])


def test_a_renamed_product_tells_of_its_variants(canvas):
    OutboxMessage.objects.all().delete()
    canvas.name = "Big canvas"
    canvas.save()
    assert (tables(), told()[0]["rows"][0][3]) == (["product"], "Big canvas")


def test_chunks_go_through_a_table_by_its_key(make_customer, ask, monkeypatch):
    monkeypatch.setattr("monolith.reports.doors.CHUNK_ROWS", 2)
    ids = [make_customer(name).pk for name in ("ada", "ben", "cyd")]
    first = ask("/reports/feed/customer/").json()
    assert ([row[0] for row in first["rows"]], first["after"], first["upto"]) == (ids[:2], 0, ids[1])
    last = ask(f"/reports/feed/customer/?after={first['upto']}").json()
    assert ([row[0] for row in last["rows"]], last["upto"]) == (ids[2:], None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/reports/feed/secrets/", 404),
        ("/reports/feed/customer/?after=x", 400),
        ("/reports/feed/customer/?after=99999999999999999999", 400),
        ("/reports/feed/customer/?after=9999999999999999999", 200),
    ],
)
def test_questions_that_make_no_sense_are_answered(ask, path, status):
    assert ask(path).status_code == status


@pytest.mark.parametrize("by", [None, Principal(id="1", username="boss", is_staff=True, is_superuser=True)])
def test_only_services_read_the_feed(ask, by):
    assert ask("/reports/feed/customer/", by=by).status_code == 401
    assert ask("/reports/feed/mark/", method="post", by=by).status_code == 401


def test_a_mark_comes_behind_the_changes(make_customer, ask):
    make_customer("ada")
    assert ask("/reports/feed/mark/", method="post").status_code == 202
    (mark,) = told(feed.MARKED)
    assert mark["as_of"] > told()[0]["at"]
    assert OutboxMessage.objects.order_by("-pk").first().type == feed.MARKED


def test_many_rows_become_several_messages(make_customer, canvas, customer, monkeypatch):
    monkeypatch.setattr(feed, "MESSAGE_ROWS", 2)
    order = Order.objects.create(user=customer, placed_at=timezone.now() - timedelta(days=1))
    variant = canvas.variants.get()
    items = [OrderItem(order=order, variant=variant, unit_price=1, quantity=1) for _ in range(5)]
    OutboxMessage.objects.all().delete()
    feed.announce("item", [item.pk for item in OrderItem.objects.bulk_create(items)])
    assert [len(body["rows"]) for body in told()] == [2, 2, 1]
