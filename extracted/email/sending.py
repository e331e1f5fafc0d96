"""Send one message: the work of `email.send`."""

import logging
import os
import socket
from email.utils import format_datetime
from functools import partial
from uuid import UUID

from django.core.mail import EmailMultiAlternatives

from extracted.email import progress
from extracted.email.outcomes import Outcome, Reply, Result
from extracted.email.progress import Claim, FencedOffError
from extracted.email.transport import transmit

logger = logging.getLogger(__name__)


def send(message_id: UUID | str) -> Outcome | None:
    """Send a message to those of its recipients who do not have it yet, and record what became of it.

    At least once; more than once only after an attempt that ended in the window. Safe to run twice, at once or
    one after the other: the row decides who may send.

    Returns: what is known about this attempt; None if there was nothing to do or another worker took over.
    """
    claim = progress.claim(message_id, worker=worker_name())
    if claim is None:
        return None
    try:
        outcome = _transmitted(claim)
    except FencedOffError:
        return None
    progress.conclude(claim, outcome)
    logger.info("message %s: attempt %d %s, %s", message_id, claim.attempt, outcome.result, outcome.reply)
    if outcome.result is Result.SENT and claim.message.waits_for_server:
        progress.hasten()
    return outcome


def worker_name() -> str:
    """Return host and process, for people who look for a worker."""
    return f"{socket.gethostname()}:{os.getpid()}"


def mail_of(claim: Claim) -> EmailMultiAlternatives:
    """Return the mail as it goes out: the same content, date and `Message-ID` on every attempt."""
    message = claim.message
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=message.sender,
        to=[recipient.address for recipient in claim.recipients],
        headers={
            "Message-ID": message.message_id,
            "Date": format_datetime(message.created_at),
            "Auto-Submitted": "auto-generated",  # no answers from absent people's machines
        },
    )
    mail.attach_alternative(message.html, "text/html")
    return mail


def _transmitted(claim: Claim) -> Outcome:
    mail = mail_of(claim)
    try:
        mail.message().as_bytes()
    except (ValueError, UnicodeError) as error:  # BadHeaderError is a ValueError
        return Outcome(result=Result.REFUSED, reply=Reply(None, f"it can't be written as a mail: {error}"))
    return transmit(mail, enter=partial(progress.enter, claim))
