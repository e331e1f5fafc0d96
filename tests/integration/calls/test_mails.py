"""The shop's three mails: sent in the request while legacy, a message in the outbox while live, equal in content."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import transaction
from django.template import Context, Engine

from monolith.accounts.forms import RegistrationForm
from monolith.accounts.registration import register
from monolith.billing.invoicing import make_invoice, pay_by_demo_card
from monolith.catalog.models import Category, Product, Variant
from monolith.mail.letters import order_confirmation
from monolith.mail.models import MailLog
from monolith.mail.posting import post_order
from monolith.orders.models import Order, OrderItem
from strangler.core.stages import RolloutStage
from strangler.outbox.models import OutboxMessage
from strangler.rollout import change

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def follow_at_once(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SNAPSHOT_INTERVAL": timedelta(0)}


@pytest.fixture
def live():
    for kind in ("welcome", "order", "invoice"):
        change(f"email.{kind}", stage=RolloutStage.LIVE, actor="ann")


@pytest.fixture
def order():
    user = get_user_model().objects.create_user("zoe", "zoe@example.org", "x", first_name="Zoë")
    address = {"name": "Zoë & Co", "street": "1 <High> Street", "postcode": "LS1", "city": "Leeds"}
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    placed = Order.objects.create(user=user, total=Decimal("25.5"), placed_at=moment, **address)
    category = Category.objects.create(name="Prints", slug="prints")
    product = Product.objects.create(category=category, name="Print", slug="print")
    variant = Variant.objects.create(product=product, name="A4", sku="A4", price=Decimal("8.50"), stock=9)
    OrderItem.objects.create(
        order=placed, variant=variant, description="Print A4", unit_price="8.50", quantity=3
    )
    return Order.objects.get(pk=placed.pk)


def sign_up(name="ann"):
    fields = {"username": name, "email": f"{name}@example.org", "first_name": "Ann & <i>", "last_name": "Lee"}
    form = RegistrationForm({**fields, "password1": "a-long-word-9", "password2": "a-long-word-9"})
    assert form.is_valid(), form.errors
    return register(form)


def confirm(order):
    invoice = make_invoice(order)
    post_order(order_confirmation(order, items=order.items.all(), invoice=invoice))
    return invoice


def body() -> dict:
    return json.loads(OutboxMessage.objects.get().body)


def test_legacy_sends_the_welcome_within_the_request():
    sign_up()
    assert [message.subject for message in mail.outbox] == ["Welcome to Halftone"]
    assert MailLog.objects.get().kind == "welcome"
    assert not OutboxMessage.objects.exists()


def test_live_leaves_a_message_for_the_service(live):
    user = sign_up()
    row = OutboxMessage.objects.get()
    assert (row.type, row.queue, row.version) == ("email.deliver", "email", 1)
    assert body() == {
        "template": "welcome",
        "to": ["ann@example.org"],
        "context": {"shop_name": "Halftone", "user": {"first_name": "Ann & <i>", "username": "ann"}},
        "locale": "en-gb",
        "business_id": f"welcome:user:{user.pk}",
    }
    assert json.loads(row.headers)["strangler-decision"] == "email.welcome=service;stage"
    assert not mail.outbox


def test_a_registration_that_is_undone_leaves_no_message(live):
    with transaction.atomic():
        sign_up()
        assert OutboxMessage.objects.exists()
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


def test_a_paid_invoice_is_mailed(order):
    pay_by_demo_card(make_invoice(order), card_last4="4242")
    (message,) = mail.outbox
    assert message.subject.startswith("Your invoice 2026-")
    assert "Paid, thank you." in message.body
    assert "1 March 2026" in message.body


MAILS = {
    "welcome": lambda order: sign_up(),
    "order": confirm,
    "invoice": lambda order: pay_by_demo_card(make_invoice(order), card_last4="4242"),
}


@pytest.mark.parametrize("kind", MAILS)
def test_both_sides_write_the_same_mail(kind, order, settings):
    with transaction.atomic():
        MAILS[kind](order)
        transaction.set_rollback(True)
    (sent,) = mail.outbox
    change(f"email.{kind}", stage=RolloutStage.LIVE, actor="ann")
    MAILS[kind](order)
    message = body()
    folder = ROOT / "extracted" / "email" / "mails"
    strict = {"dirs": [folder], "string_if_invalid": "MISSING"}

    def rendered(part: str) -> str:
        engine = Engine(autoescape=part == "html", **strict)
        text = engine.get_template(f"{kind}.{part}").render(
            Context(message["context"], autoescape=part == "html")
        )
        return text.strip()

    assert message["template"] == kind
    assert rendered("subject.txt") == sent.subject.strip()
    assert rendered("txt") == sent.body.strip()
    assert _content(rendered("html")) == _content(str(sent.alternatives[0][0]))


def _content(html: str) -> str:
    """Leave the head out; what a reader sees is the body."""
    return html.strip().partition("<body")[2]
