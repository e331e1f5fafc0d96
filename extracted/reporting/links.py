"""Links to files: signed, so that nobody makes one up, and valid for a while, so that a forwarded mail is no door for ever."""

from uuid import UUID

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.urls import reverse

from extracted.reporting.conf import config
from extracted.reporting.errors import ReportingError
from extracted.reporting.models import Run

_SALT = "reporting.file"


class BadLinkError(ReportingError):
    """Nobody here signed this."""


class ExpiredLinkError(ReportingError):
    """The link was valid once."""


def link(run: Run) -> str:
    """Return the path of the file of *run*, valid from now on for the lifetime of links."""
    return reverse("reporting:file", args=[TimestampSigner(salt=_SALT).sign(str(run.pk))])


def open_link(token: str) -> UUID:
    """Return whose file *token* opens.

    Raises: BadLinkError, ExpiredLinkError.
    """
    try:
        value = TimestampSigner(salt=_SALT).unsign(token, max_age=config().link_lifetime)
    except SignatureExpired as error:
        raise ExpiredLinkError("the link has expired: open the report again for a new one") from error
    except BadSignature as error:
        raise BadLinkError("the link is damaged or was never ours") from error
    return UUID(value)
