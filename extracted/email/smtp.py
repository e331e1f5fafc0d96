"""An SMTP back end for Django that knows how far it came when a connection broke.

Django's own raises the same error whether the server vanished before the mail was handed over or after it, and
drops what the server said about single recipients. See Note [The window] in `outcomes`.
"""

import re
import smtplib
from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp
from django.core.mail.message import sanitize_address

from extracted.email.conf import config

_DOTS = re.compile(rb"^\.", re.MULTILINE)
_OK = (250, 251)
_GO_AHEAD = 354
_GOODBYE = 421
_DONE = 2
_FINAL = (_DONE, 4, 5)  # the first digit: done, not now, never
_PATIENCE_SECONDS = 1


class UnknownOutcomeError(smtplib.SMTPException):
    """The mail was handed over and the reply did not come: it may be delivered or not."""


class EmailBackend(smtp.EmailBackend):
    """Send each mail in four steps: MAIL, RCPT, DATA, reply.

    Raises `UnknownOutcomeError` if the last step fails, and smtplib's errors if an earlier one does: then nothing
    was delivered. What the server said about single recipients is in the mail's attribute `refusals`.

    Args: before_data: called when the recipients are known and nothing can be taken back after it; what it
        raises ends the attempt without sending.
    """

    def __init__(self, *args: Any, before_data: Callable[[], None] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before_data = before_data or (lambda: None)

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:
        """Return a maker of connections that come from the configured address."""
        address = config().source_address
        made_by = super().connection_class
        if not address:
            return made_by
        return lambda *args, **kwargs: made_by(*args, source_address=(address, 0), **kwargs)

    def _close_connection(self, connection: smtplib.SMTP) -> None:
        # Goodbyes are a courtesy: what the server said about the mail is known already, and should be on record.
        if connection.sock is not None:
            connection.sock.settimeout(_PATIENCE_SECONDS)
        try:
            super()._close_connection(connection)
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _send(self, email_message: EmailMessage) -> bool:
        encoding = email_message.encoding or "utf-8"
        content = email_message.message().as_bytes(linesep="\r\n")
        self._mail(sanitize_address(email_message.from_email, encoding), size=len(content))
        wire = {address: sanitize_address(address, encoding) for address in email_message.recipients()}
        email_message.refusals = self._recipients(wire)  # type: ignore[attr-defined]
        self.before_data()
        self._hand_over(content)
        return True

    @property
    def _smtp(self) -> smtplib.SMTP:
        if self.connection is None:
            raise smtplib.SMTPServerDisconnected("there is no connection")
        return self.connection

    def _mail(self, sender: str, *, size: int) -> None:
        self._smtp.ehlo_or_helo_if_needed()
        options = [f"size={size}"] if self._smtp.has_extn("size") else []
        code, reply = self._smtp.mail(sender, options)
        if code not in _OK:
            raise smtplib.SMTPSenderRefused(code, reply, sender)

    def _recipients(self, addresses: dict[str, str]) -> dict[str, tuple[int, bytes]]:
        refusals = {}
        for address, wire in addresses.items():
            code, reply = self._smtp.rcpt(wire)
            if code not in _OK:
                refusals[address] = (code, reply)
            if code == _GOODBYE:
                raise smtplib.SMTPServerDisconnected(reply.decode(errors="replace"))
        if len(refusals) == len(addresses):
            raise smtplib.SMTPRecipientsRefused(refusals)
        return refusals

    def _hand_over(self, content: bytes) -> None:
        code, reply = self._smtp.docmd("DATA")
        if code != _GO_AHEAD:
            raise smtplib.SMTPDataError(code, reply)
        is_written = False
        try:
            self._smtp.send(_as_data(content))
            is_written = True
            code, reply = self._final_reply()
        except Exception as error:
            # If the connection broke while writing, the server has not seen the end and will not deliver it.
            # Anything else, such as a time limit, may have come a moment after the last byte.
            if not is_written and isinstance(error, smtplib.SMTPException | OSError):
                raise
            raise UnknownOutcomeError(f"no reply after DATA ({type(error).__name__}: {error})") from error
        if code // 100 != _DONE:
            raise smtplib.SMTPDataError(code, reply)

    def _final_reply(self) -> tuple[int, bytes]:
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(config().final_reply_timeout.total_seconds())
        code, reply = self._smtp.getreply()
        if code // 100 not in _FINAL:
            raise smtplib.SMTPException(f"the reply makes no sense: {reply!r}")
        return code, reply


def _as_data(content: bytes) -> bytes:
    """Return *content* as it stands after DATA: dots doubled, and the end marked."""
    end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
    return _DOTS.sub(b"..", content) + end
