"""Hand one mail to the mail server through Django's back end, and say what is known afterwards."""

import logging
import smtplib
from collections.abc import Callable, Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection

from extracted.email.outcomes import Outcome, Reply, Result
from extracted.email.progress import FencedOffError
from extracted.email.smtp import EmailBackend, UnknownOutcomeError

_TOO_MANY_REQUESTS = 429
_REQUEST_TIMEOUT = 408
_BAD_REQUEST = 400
_FAULT = 500
_FINAL_STATUSES = frozenset({"invalid", "rejected", "failed"})  # of anymail, per recipient
_LONGEST_REPLY = 1000

logger = logging.getLogger(__name__)


def transmit(mail: EmailMultiAlternatives, *, enter: Callable[[], None]) -> Outcome:
    """Send *mail* once and return what is known about it.

    Args: enter: called before the moment after which nothing can be taken back. Our own SMTP back end calls it
        right before DATA; with any other it is called before the mail is handed to the back end at all.
    Raises: FencedOffError: *enter* said so; nothing was sent.
    """
    backend = get_connection()
    if isinstance(backend, EmailBackend):
        backend.before_data = enter
        return _sent_by_smtp(backend, mail)
    enter()
    return _sent_by_any(backend, mail)


def _sent_by_smtp(backend: EmailBackend, mail: EmailMultiAlternatives) -> Outcome:
    try:
        backend.send_messages([mail])
    except FencedOffError:
        raise
    except UnknownOutcomeError as error:
        return _outcome(Result.UNKNOWN, error, refusals=_refusals(mail))
    except smtplib.SMTPRecipientsRefused as error:
        return _all_refused(error.recipients)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _outcome(_result(error.smtp_code), error, refusals=_refusals(mail))
    except (smtplib.SMTPException, OSError) as error:
        # Greeting, TLS and login included: a wrong password says nothing about the mail.
        return _outcome(Result.POSTPONED, error, refusals=_refusals(mail), is_outage=True)
    except Exception as error:
        logger.exception("a mail was not sent because of an error of ours")
        return _outcome(Result.POSTPONED, error, refusals=_refusals(mail))
    return Outcome(result=Result.SENT, reply=Reply(250, "accepted"), refusals=_refusals(mail))


def _sent_by_any(backend: Any, mail: EmailMultiAlternatives) -> Outcome:
    try:
        backend.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        return _all_refused(error.recipients)
    except smtplib.SMTPResponseException as error:
        return _outcome(_result(error.smtp_code), error)
    except (ConnectionRefusedError, smtplib.SMTPNotSupportedError) as error:
        return _outcome(Result.POSTPONED, error, is_outage=True)
    except Exception as error:  # noqa: BLE001 - a back end may raise anything, and all of it is recorded
        return _of_foreign_error(error)
    return Outcome(result=Result.SENT, reply=Reply(None, "accepted"), refusals=_anymail_refusals(mail))


def _of_foreign_error(error: Exception) -> Outcome:
    """Judge what anymail raises, by the HTTP status of the provider's answer; anything else is doubtful."""
    status: int | None = getattr(error, "status_code", None)
    if status in (_TOO_MANY_REQUESTS, _REQUEST_TIMEOUT):
        return _outcome(Result.POSTPONED, error)
    if status is not None and _BAD_REQUEST <= status < _FAULT:
        return _outcome(Result.REFUSED, error)
    if isinstance(error, ValueError) or type(error).__name__ == "AnymailRecipientsRefused":
        return _outcome(Result.REFUSED, error)
    logger.warning("nobody knows whether a mail was sent: %s", error)
    return _outcome(Result.UNKNOWN, error)


def _all_refused(recipients: Mapping[str, tuple[int, bytes]]) -> Outcome:
    refusals = {address: _reply(code, text) for address, (code, text) in recipients.items()}
    is_final = all(reply.is_permanent for reply in refusals.values())
    result = Result.REFUSED if is_final else Result.POSTPONED
    return Outcome(result=result, reply=next(iter(refusals.values())), refusals=refusals)


def _refusals(mail: EmailMultiAlternatives) -> dict[str, Reply]:
    raw: Mapping[str, tuple[int, bytes]] = getattr(mail, "refusals", {})
    return {address: _reply(code, text) for address, (code, text) in raw.items()}


def _anymail_refusals(mail: EmailMultiAlternatives) -> dict[str, Reply]:
    """Return whom the provider refused, if anymail says so; it has no reply codes, 550 stands for all of them."""
    recipients = getattr(getattr(mail, "anymail_status", None), "recipients", {})
    return {
        address: Reply(550, f"the provider says: {each.status}")
        for address, each in recipients.items()
        if each.status in _FINAL_STATUSES
    }


def _result(code: int) -> Result:
    return Result.REFUSED if Reply(code, "").is_permanent else Result.POSTPONED


def _outcome(result: Result, error: Exception, **more: Any) -> Outcome:
    if isinstance(error, smtplib.SMTPResponseException):
        return Outcome(result=result, reply=_reply(error.smtp_code, error.smtp_error), **more)
    name = "" if isinstance(error, UnknownOutcomeError) else f"{type(error).__name__}: "
    text = f"{name}{error}"[:_LONGEST_REPLY]
    return Outcome(result=result, reply=Reply(None, text), **more)


def _reply(code: int, text: bytes | str) -> Reply:
    decoded = text.decode(errors="replace") if isinstance(text, bytes) else text
    # smtplib has -1 for a reply that is none.
    return Reply(code if code > 0 else None, " ".join(decoded.split())[:_LONGEST_REPLY])
