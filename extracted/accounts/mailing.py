"""The mails of the service: a welcome by the email service, a link to a new password at once.

A welcome is a message of the outbox: an account is made although mail can't be sent just now. A link that sets a
password is a secret, so it is in no queue; whoever asked for it is told when it could not be sent.
"""

import logging
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from strangler import outbox
from strangler.bridge.models import Link

logger = logging.getLogger(__name__)


class MailNotSentError(Exception):
    """The mail server did not take a mail."""


def post_welcome(user: User) -> None:
    """Ask the email service for the mail to a new customer; in the transaction that makes the account."""
    body: dict[str, Any] = {
        "template": "welcome",
        "to": [user.email],
        "context": {
            "shop_name": settings.ACCOUNTS["SHOP_NAME"],
            "user": {"first_name": user.first_name, "username": user.get_username()},
        },
        "locale": settings.LANGUAGE_CODE,
        "business_id": f"welcome:account:{Link.objects.get(user=user).uid}",
    }
    outbox.send("email.deliver", body, to="email", key=user.email)


def send_reset(to: str, context: dict[str, Any]) -> None:
    """Send the link that sets a new password.

    Raises: MailNotSentError: the mail server refused it or can't be reached.
    """
    context = {"shop_name": settings.ACCOUNTS["SHOP_NAME"], **context}
    subject = render_to_string("accounts/mail/password_reset.subject.txt", context).strip()
    mail = EmailMultiAlternatives(
        subject, render_to_string("accounts/mail/password_reset.txt", context), to=[to]
    )
    mail.attach_alternative(render_to_string("accounts/mail/password_reset.html", context), "text/html")
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        logger.warning("a link to a new password was not sent: %s. Check EMAIL_URL.", error)
        raise MailNotSentError from error
