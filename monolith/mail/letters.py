"""What the shop's mails say: plain values that hold all their templates need.

The same context makes the mail here and in the email service, which knows none of the shop's tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from django.contrib.auth.models import AbstractBaseUser

    from monolith.billing.models import Invoice
    from monolith.orders.models import Order, OrderItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail before it is rendered.

    Args:
        template: name of the templates `mail/<template>.*`.
        to: address of the recipient.
        context: what the templates show, as JSON values.
        business_id: what the mail is about; there is one mail of it, however often it is asked for.
    """

    template: str
    to: str
    context: dict[str, Any]
    business_id: str

    def body(self) -> dict[str, Any]:
        """Return the body of a message of type `email.deliver`."""
        return {
            "template": self.template,
            "to": [self.to],
            "context": {"shop_name": settings.SHOP_NAME, **self.context},
            "locale": get_language() or settings.LANGUAGE_CODE,
            "business_id": self.business_id,
        }


def welcome(user: AbstractBaseUser) -> Letter:
    """Return the mail to a new customer."""
    context = {"user": {"first_name": user.first_name, "username": user.get_username()}}
    return Letter(template="welcome", to=user.email, context=context, business_id=f"welcome:user:{user.pk}")


def order_confirmation(order: Order, *, items: Iterable[OrderItem], invoice: Invoice) -> Letter:
    """Return the mail that confirms an order."""
    context = {
        "order": {**_order(order), "total": _money(order.total), "lines": list(order.lines)},
        "items": _items(items),
        "invoice": {"number": invoice.number},
    }
    return Letter(template="order", to=order.user.email, context=context, business_id=f"order:{order.number}")


def paid_invoice(invoice: Invoice) -> Letter:
    """Return the mail with an invoice that was just paid, or paid in part."""
    order = invoice.order
    context = {
        "order": _order(order),
        "items": _items(order.items.all()),
        "invoice": {
            "number": invoice.number,
            "issued_on": f"{invoice.issued_at:%-d %B %Y}",
            "total": _money(invoice.total),
            "due": _money(invoice.due),
        },
    }
    business_id = f"invoice:{invoice.number}:due:{_money(invoice.due)}"
    return Letter(template="invoice", to=order.user.email, context=context, business_id=business_id)


def _order(order: Order) -> dict[str, Any]:
    return {"name": order.name, "number": order.number}


def _items(items: Iterable[OrderItem]) -> list[dict[str, Any]]:
    return [
        {"quantity": item.quantity, "description": item.description, "amount": _money(item.amount)}
        for item in items
    ]


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"
