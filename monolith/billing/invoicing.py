"""Makes invoices and takes payments."""

from decimal import Decimal

from django.db import transaction

from monolith.billing.models import Invoice, InvoiceCounter, Payment
from monolith.mail.letters import paid_invoice
from monolith.mail.posting import post_invoice
from monolith.orders.models import Order
from monolith.reports import feed


class AlreadyPaidError(Exception):
    """Nothing is due on this invoice."""


def make_invoice(order: Order) -> Invoice:
    """Make the invoice of *order* with the next number of its year; call it inside the order's transaction."""
    number = take_numbers(order.placed_at.year, count=1)
    return Invoice.objects.create(
        order=order,
        number=invoice_number(order.placed_at.year, number),
        total=order.total,
        issued_at=order.placed_at,
    )


def take_numbers(year: int, *, count: int) -> int:
    """Reserve *count* invoice numbers of *year* in a row and return the first.

    The counter stays locked until the caller's transaction ends, so that a rollback leaves no gap.
    """
    InvoiceCounter.objects.get_or_create(year=year)
    counter = InvoiceCounter.objects.select_for_update().get(year=year)
    first = counter.last + 1
    counter.last += count
    counter.save(update_fields=["last"])
    return first


def invoice_number(year: int, number: int) -> str:
    """Return the number as it is printed on the invoice."""
    return f"{year}-{number:07d}"


@transaction.atomic
def pay_by_demo_card(invoice: Invoice, *, card_last4: str) -> Payment:
    """Record that the demonstration card paid all that is due, and post the invoice; no money moves.

    Raises:
        AlreadyPaidError: nothing is due, for instance because the form was sent twice.
        MailNotSentError: the shop sends the mail itself, and the mail server refused or is down; nothing was paid.
    """
    locked = Invoice.objects.select_for_update().select_related("order__user").get(pk=invoice.pk)
    if locked.due <= Decimal(0):
        raise AlreadyPaidError
    payment = Payment.objects.create(invoice=locked, amount=locked.due, card_last4=card_last4)
    Order.objects.filter(pk=locked.order_id, status=Order.Status.PLACED).update(status=Order.Status.PAID)
    feed.announce("order", [locked.order_id])
    post_invoice(paid_invoice(locked))
    return payment
