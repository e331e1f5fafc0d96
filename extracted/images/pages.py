"""Choose how to answer: JSON for programs, a small page for browsers, a fragment for htmx.

The pages are for people without JavaScript and for errors; the shop's own pages show everything else.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether htmx asks, for a piece of a page."""
    return request.headers.get("HX-Request") == "true"


def prefers_html(request: HttpRequest) -> bool:
    """Tell whether a browser asks: whoever accepts anything gets JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def refused(
    request: HttpRequest, *, status: HTTPStatus, error: str, files: Sequence[Mapping[str, str]] = ()
) -> HttpResponse:
    """Answer a request that was not fulfilled, with the reason and, for files, which ones."""
    context: dict[str, Any] = {"error": error, "files": list(files)}
    if is_htmx(request):
        return render(request, "images/refused_fragment.html", context, status=status)
    if prefers_html(request):
        return render(request, "images/refused.html", context, status=status)
    return JsonResponse(context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from the shop's own page."""
    error = (
        f"the form's protection token is missing or wrong, so reload the page and send it again ({reason})"
    )
    return refused(request, status=HTTPStatus.FORBIDDEN, error=error)
