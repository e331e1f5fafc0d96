"""The seams `email.welcome` and `email.order`, asked of the monolith and of the email service."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monolith.billing.models import Invoice
from monolith.mail import (
    letters,
    posting,  # noqa: F401 - declares the seams
)
from monolith.orders.models import Order, OrderItem


@pytest.fixture
def customer(django_user_model):
    return django_user_model.objects.create_user("ann", email="ann@halftone.example", first_name="Ann")


def only_mail(seen):
    assert seen.error == ""
    (mail,) = seen.effects.mails
    assert mail.sender == "Halftone <hello@halftone.example>"
    assert mail.recipients == ("ann@halftone.example",)
    return mail


def order_of(customer):
    """Return the confirmation of an order; unsaved models, as the mail needs nothing else."""
    order = Order(number="HT-1", user=customer, name="Ann", total=Decimal("24.50"))
    items = [OrderItem(order=order, description="Poster 50 × 70", unit_price=Decimal("12.25"), quantity=2)]
    return letters.order_confirmation(order, items=items, invoice=Invoice(order=order, number="2026-1"))


@pytest.mark.side_by_side("email.welcome")
def test_a_new_customer_is_welcomed_once(side, customer):
    mail = only_mail(side.call(letters.welcome(customer)))
    assert mail.subject == "Welcome to Halftone"
    assert mail.text.startswith("Hello Ann,")
    assert "your account is ready" in mail.html


@pytest.mark.side_by_side("email.order")
def test_an_order_is_confirmed_with_what_it_costs(side, customer):
    mail = only_mail(side.call(order_of(customer)))
    assert mail.subject == "Your order HT-1"
    assert "2 x Poster 50 × 70: £24.50" in mail.text
    assert "Total with VAT: £24.50 (invoice 2026-1)" in mail.text
