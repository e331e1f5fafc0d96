"""The facade's own answers: short, clear, in the form that the client reads."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.utils.html import escape

from strangler.facade.intake import ClientFault
from strangler.facade.policy import refusal_status

if TYPE_CHECKING:
    from datetime import timedelta

    from strangler.facade.policy import Failure
    from strangler.facade.request import Fields, Incoming

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that neither side gave."""

    status: int
    fields: Fields
    body: bytes


def bad_request(incoming: Incoming, *, message: str) -> Refusal:
    """Return a 400: the request can be read in two ways."""
    return _refusal(incoming, 400, message)


def length_required(incoming: Incoming) -> Refusal:
    """Return a 411: this server can't tell where a chunked body ends."""
    return _refusal(incoming, 411, "Send the length of the body in Content-Length.")


def too_large(incoming: Incoming, *, limit: int) -> Refusal:
    """Return a 413 that names the limit."""
    return _refusal(incoming, 413, f"The request is too large. At most {_readable(limit)} are accepted here.")


def for_fault(incoming: Incoming, fault: ClientFault, *, limit: int | None) -> Refusal:
    """Return the answer to a body that is larger than *limit*, or cut short."""
    if fault is ClientFault.TOO_LARGE:
        return too_large(incoming, limit=limit or 0)
    return bad_request(incoming, message="The request's body was cut short.")


def moved(incoming: Incoming) -> Refusal:
    """Refuse a request whose tables changed their owner while it was done, and which can't be done again here."""
    text = "This has just moved to another place. Please try again in a moment."
    return _refusal(incoming, 503, text, extra=[("Retry-After", "1")])


def unavailable(incoming: Incoming, failure: Failure, *, request_id: str, retry_after: timedelta) -> Refusal:
    """Return a 502, 503 or 504 that says whether the request may have been done."""
    if not failure.is_sent:
        text = "This part of the site is not available right now. Nothing was done. Please try again soon."
    elif incoming.is_safe:
        text = "This part of the site did not answer. Please try again soon."
    else:
        text = (
            "This part of the site did not answer. Your request may or may not have been done: "
            "check before you send it again."
        )
    seconds = max(1, round(retry_after.total_seconds()))
    status = refusal_status(failure)
    retry: Fields = [("Retry-After", str(seconds))] if status == HTTPStatus.SERVICE_UNAVAILABLE else []
    return _refusal(incoming, status, f"{text} Request {request_id}.", extra=retry)


def _refusal(incoming: Incoming, status: int, text: str, *, extra: Fields | None = None) -> Refusal:
    if "text/html" in incoming.value("accept"):
        kind, body = "text/html", _PAGE.format(title=HTTPStatus(status).phrase, text=escape(text))
    else:
        kind, body = "text/plain", text + "\n"
    encoded = body.encode()
    fields = [
        ("Content-Type", f"{kind}; charset=utf-8"),
        ("Content-Length", str(len(encoded))),
        ("Cache-Control", "no-store"),
        *(extra or []),
    ]
    return Refusal(status=status, fields=fields, body=b"" if incoming.method == "HEAD" else encoded)


def _readable(limit: int) -> str:
    if limit >= 1_000_000:  # noqa: PLR2004 - a megabyte
        return f"{limit / 1_000_000:.4g} MB"
    return f"{limit:,} bytes"
