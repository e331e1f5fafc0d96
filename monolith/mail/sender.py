"""Sends the shop's mails, within the request that causes them."""

import logging
from dataclasses import dataclass
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from monolith.mail.models import MailLog

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class MailNotSentError(Exception):
    """The mail server did not take a mail; carries what `log_failure` records."""

    kind: str
    recipient: str
    subject: str
    reason: str

    def __str__(self) -> str:
        return f"Mail {self.kind!r} to {self.recipient} was not sent: {self.reason}. Check EMAIL_URL."


def send(kind: str, *, to: str, context: dict[str, Any]) -> MailLog:
    """Render the templates `mail/<kind>.*` and hand the mail to the mail server, waiting for its answer.

    Raises:
        MailNotSentError: the server refused it or can't be reached. Nothing is logged, since the caller's
            transaction is likely to be rolled back; call `log_failure` after that.
    """
    context = {"shop_name": settings.SHOP_NAME, **context}
    subject = render_to_string(f"mail/{kind}.subject.txt", context).strip()
    mail = EmailMultiAlternatives(subject, render_to_string(f"mail/{kind}.txt", context), to=[to])
    mail.attach_alternative(render_to_string(f"mail/{kind}.html", context), "text/html")
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise MailNotSentError(kind, to, subject, reason=f"{type(error).__name__}: {error}") from error
    return MailLog.objects.create(kind=kind, recipient=to, subject=subject, status=MailLog.Status.SENT)


def log_failure(error: MailNotSentError) -> None:
    """Record a mail that was not sent; call it outside the transaction that failed."""
    logger.error("%s", error)
    MailLog.objects.create(
        kind=error.kind,
        recipient=error.recipient,
        subject=error.subject,
        status=MailLog.Status.FAILED,
        error=error.reason,
    )
