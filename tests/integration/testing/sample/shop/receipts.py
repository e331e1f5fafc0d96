"""Receipts, by mail."""

from django.core.mail import send_mail

from strangler.calls import seam


@seam("desk.receipt", message=lambda to, *, total: {"to": to, "total": total})
def send_receipt(to, *, total):
    """Send a receipt."""
    if total < 0:
        raise ValueError(total)
    send_mail("Receipt", f"You paid {total}.", None, [to])
