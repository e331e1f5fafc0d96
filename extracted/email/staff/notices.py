"""What a page says after something was done; only known texts, so that no link can put words into our mouth."""

from django.http import HttpRequest

_TEXTS = {
    "resent": "This is the new message. It is on its way; the old one stays as it was.",
    "again": "It is on its way again, with the same Message-ID.",
    "sent": "Recorded: it has arrived.",
}


def of(request: HttpRequest) -> str:
    """Return the text that the redirect to this page asked for; empty for none."""
    return _TEXTS.get(request.GET.get("notice", ""), "")
