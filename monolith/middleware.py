"""Middleware of the whole shop."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from monolith.catalog.errors import CatalogUnavailableError

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


class ClosedShelves:
    """Answer 503 where a page needs the catalogue and nobody who knows it can be asked."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass *request* on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that raised CatalogUnavailableError; others are not ours."""
        if not isinstance(error, CatalogUnavailableError):
            return None
        response = render(request, "503.html", status=503)
        response["Retry-After"] = "5"
        return response


def _content_length(request: HttpRequest) -> int:
    value = request.headers.get("Content-Length", "")
    return int(value) if value.isdigit() else 0
