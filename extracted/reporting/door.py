"""Who may come in: people on the staff, and whoever has a link that we signed."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from extracted.reporting.conf import config

# Pages bring their own style and script and nothing else; nobody frames them.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

View = Callable[..., HttpResponseBase]


def for_staff(view: View) -> View:
    """Let in staff; others are sent to the login page, or told that this is not theirs."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = _refusal(request) or view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return check


def refused(request: HttpRequest, *, title: str, error: str, status: int) -> HttpResponse:
    """Answer with a page that says what is wrong."""
    response = render(request, "reporting/refused.html", {"title": title, "error": error}, status=status)
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page."""
    error = f"The form's protection token is missing or wrong, so reload the page and try again ({reason})."
    return refused(request, title="This form is too old", error=error, status=HTTPStatus.FORBIDDEN)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{config().login_url}?{urlencode({'next': request.get_full_path()})}")
    if request.user.is_staff:
        return None
    error = "Reports are for the staff. Your account is a customer's."
    return refused(request, title="Only for staff", error=error, status=HTTPStatus.FORBIDDEN)
