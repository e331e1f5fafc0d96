"""Numbers of orders and invoices."""

import re

from monolith.billing.forms import DemoCardForm
from monolith.billing.invoicing import invoice_number
from monolith.orders.models import new_number


def test_order_numbers_are_readable_and_not_guessable():
    numbers = {new_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(re.fullmatch(r"HT-[2-9A-HJ-NP-Z]{10}", number) for number in numbers)


def test_invoice_numbers_sort_as_they_were_given_out():
    numbers = [invoice_number(2026, number) for number in (1, 9, 10, 123_456)]
    assert numbers == sorted(numbers)
    assert numbers[0] == "2026-0000001"


def test_the_demo_card_is_accepted_however_it_is_typed():
    for typed in ("4242 4242 4242 4242", "4242424242424242", "4242-4242-4242-4242"):
        assert DemoCardForm({"card_number": typed}).is_valid()


def test_a_real_card_is_never_accepted():
    form = DemoCardForm({"card_number": "4111 1111 1111 1111"})
    assert not form.is_valid()
    assert "never type a real one here" in form.errors["card_number"][0]
