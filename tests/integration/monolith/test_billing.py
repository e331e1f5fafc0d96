"""Invoices and payments."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import transaction

from monolith.billing.invoicing import AlreadyPaidError, make_invoice, pay_by_demo_card
from monolith.billing.models import Invoice, Payment
from monolith.orders.models import Order

CARD = {"card_number": "4242 4242 4242 4242"}


def make_order(user, *, year=2026, total="12.00"):
    return Order.objects.create(
        user=user, name="Ada", total=Decimal(total), placed_at=datetime(year, 3, 1, tzinfo=UTC)
    )


@pytest.fixture
def invoice(customer):
    return make_invoice(make_order(customer))


def test_numbers_count_up_within_a_year(customer):
    years = (2025, 2025, 2026, 2025)
    numbers = [make_invoice(make_order(customer, year=year)).number for year in years]
    assert numbers == ["2025-0000001", "2025-0000002", "2026-0000001", "2025-0000003"]


@transaction.atomic
def fail_after_the_invoice(user):
    make_invoice(make_order(user))
    raise RuntimeError("the mail server is down")


def test_an_order_that_fails_leaves_no_gap(customer):
    with pytest.raises(RuntimeError, match="mail server"):
        fail_after_the_invoice(customer)
    assert make_invoice(make_order(customer)).number == "2026-0000001"


@pytest.mark.parametrize(("total", "net", "vat"), [("12.00", "10.00", "2.00"), ("0.35", "0.29", "0.06")])
def test_net_and_vat_add_up_to_the_total(customer, total, net, vat):
    made = make_invoice(make_order(customer, total=total))
    assert (made.net, made.vat) == (Decimal(net), Decimal(vat))


def test_the_demo_card_pays_all_that_is_due(browser, invoice):
    answer = browser.post(f"/billing/invoices/{invoice.number}/pay/", CARD, follow=True)
    assert "We recorded your demo payment of £12.00." in answer.text
    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.card_last4) == (Decimal("12.00"), "demo_card", "4242")
    assert Order.objects.get().status == "paid"
    assert invoice.due == 0


def test_nobody_pays_twice(browser, invoice):
    for _ in range(2):
        answer = browser.post(f"/billing/invoices/{invoice.number}/pay/", CARD, follow=True)
    assert "is paid already" in answer.text
    assert Payment.objects.count() == 1
    with pytest.raises(AlreadyPaidError):
        pay_by_demo_card(invoice, card_last4="4242")


@pytest.mark.parametrize("number", ["", "4111 1111 1111 1111", "abc"])
def test_any_other_card_is_refused(browser, invoice, number):
    answer = browser.post(f"/billing/invoices/{invoice.number}/pay/", {"card_number": number})
    assert answer.status_code == 400
    assert not Payment.objects.exists()


def test_the_invoice_shows_items_vat_and_payment(browser, invoice):
    pay_by_demo_card(invoice, card_last4="4242")
    page = browser.get(invoice.get_absolute_url()).text
    assert "2026-0000001" in page
    assert "VAT 20%" in page
    assert "£10.00" in page
    assert "ending in 4242" in page


def test_nobody_sees_the_invoice_of_somebody_else_but_the_staff(
    invoice, make_customer, log_in, staff, client
):
    stranger = log_in(make_customer("mallory"))
    assert stranger.get(invoice.get_absolute_url()).status_code == 404
    assert stranger.post(f"/billing/invoices/{invoice.number}/pay/", CARD).status_code == 404
    assert client.get(invoice.get_absolute_url()).status_code == 302
    assert staff.get(invoice.get_absolute_url()).status_code == 200
    assert Invoice.objects.get().due == Decimal("12.00")
