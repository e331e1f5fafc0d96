"""What the service does for calls."""

from django.conf import settings
from django.core.mail import send_mail

from desk.celery import app


@app.task(name="desk.receipt")
def receipt(body, version):
    """Send a receipt."""
    if body["total"] < 0:
        raise ValueError(body["total"])
    if settings.BUG != "mail":
        send_mail("Receipt", f"You paid {body['total']}.", None, [body["to"]])
