"""Checkout: stock, order, invoice and confirmation mail, all or nothing."""

from collections import Counter

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from monolith.billing.invoicing import make_invoice
from monolith.catalog.models import Variant
from monolith.mail.letters import order_confirmation
from monolith.mail.posting import post_order
from monolith.orders.cart import Cart, Line
from monolith.orders.models import Order, OrderItem
from monolith.reports import feed


class CartChangedError(Exception):
    """The cart can't be bought as it is; the text says why, for the customer."""


@transaction.atomic
def place_order(order: Order, *, cart: Cart, user: AbstractBaseUser) -> Order:
    """Make an order of *cart*: takes the stock, writes invoice and items, sends the confirmation.

    *order* has the address and is not saved yet. The mail is posted inside the transaction, so that nobody
    has an order that they never heard of; where the shop sends it itself, rows stay locked while the mail server
    answers.

    Raises:
        CartChangedError: the cart is empty, or something in it is sold out.
        MailNotSentError: the shop sends the mail itself, and the mail server refused or is down.
    """
    lines = cart.lines()
    if not lines:
        raise CartChangedError("Your cart is empty.")
    _take_stock(lines)
    order.user = user
    order.total = sum(line.amount for line in lines)
    order.save()
    items = OrderItem.objects.bulk_create([_item(line, order) for line in lines])
    feed.announce("item", [item.pk for item in items])
    invoice = make_invoice(order)
    post_order(order_confirmation(order, items=items, invoice=invoice))
    return order


def _take_stock(lines: list[Line]) -> None:
    wanted = Counter()
    for line in lines:
        wanted[line.variant.pk] += line.quantity
    # In the order of the primary key: two checkouts that lock the same variants can't wait for each other.
    locked = Variant.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    titles = {line.variant.pk: line.title for line in lines}
    for variant in locked:
        if variant.stock < wanted[variant.pk]:
            left = f"only {variant.stock} left" if variant.stock else "sold out"
            raise CartChangedError(f"{titles[variant.pk]}: {left}. Change your cart and try again.")
        variant.stock -= wanted[variant.pk]
        variant.save(update_fields=["stock"])


def _item(line: Line, order: Order) -> OrderItem:
    return OrderItem(
        order=order,
        variant=line.variant,
        photo=line.photo,
        description=line.description,
        unit_price=line.variant.price,
        quantity=line.quantity,
    )
