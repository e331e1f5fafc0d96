"""Middleware of the whole shop."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

Handler = Callable[[HttpRequest], HttpResponse]


class BodySizeLimit:
    """Answer 413 to a body that says it is too big, before anything reads or stores it.

    Placed before the CSRF check, which would otherwise spool the whole body to disk to find its token.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass *request* on, or refuse it."""
        if _content_length(request) > settings.MAX_BODY_BYTES:
            megabytes = settings.MAX_BODY_BYTES // 1_000_000
            return render(request, "413.html", {"limit_megabytes": megabytes}, status=413)
        return self.get_response(request)


def _content_length(request: HttpRequest) -> int:
    value = request.headers.get("Content-Length", "")
    return int(value) if value.isdigit() else 0
