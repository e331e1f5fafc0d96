"""Who may come in: services, and people on the staff."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render

from extracted.email.conf import config
from strangler.service import ServiceUser

# Pages bring their own style and nothing else; nobody frames them but themselves.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

View = Callable[..., HttpResponse]


def for_programs(view: View) -> View:
    """Let in services, and staff with the form token that a browser's request must have; answer in JSON."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _program_refusal(request) or view(request, *args, **kwargs)

    return check


def for_staff(view: View) -> View:
    """Let in staff; others are sent to the login page, or told that this is not theirs."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = _person_refusal(request) or view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return check


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page."""
    error = f"the form's protection token is missing or wrong, so reload the page and try again ({reason})"
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return render(
            request,
            "email/refused.html",
            {"title": "This form is too old", "error": error},
            status=HTTPStatus.FORBIDDEN,
        )
    return JsonResponse({"error": "csrf", "detail": error}, status=HTTPStatus.FORBIDDEN)


def caller_of(request: HttpRequest) -> str:
    """Return the id of the principal, for the record."""
    return str(request.user.pk)[:80]


def _is_service(request: HttpRequest) -> bool:
    user: object = request.user
    return isinstance(user, ServiceUser) and user.principal.is_service


def _program_refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        detail = "the request carries no Strangler-Principal"
        return JsonResponse({"error": "who", "detail": detail}, status=HTTPStatus.UNAUTHORIZED)
    if _is_service(request):
        return None
    if not request.user.is_staff:
        detail = "only services and staff send mail"
        return JsonResponse({"error": "staff", "detail": detail}, status=HTTPStatus.FORBIDDEN)
    # A browser of the staff could be made to send this by another site; a service has no browser.
    refusal = CsrfViewMiddleware(lambda _: HttpResponse()).process_view(request, _no_view, (), {})
    return refusal if isinstance(refusal, HttpResponse) else None


def _no_view(_request: HttpRequest) -> HttpResponse:
    """Stand for the view: the check itself is all that is wanted."""
    return HttpResponse()


def _person_refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{config().login_url}?{urlencode({'next': request.get_full_path()})}")
    if request.user.is_staff:
        return None
    context = {"title": "Only for staff", "error": "Your account may not see the mails of others."}
    return render(request, "email/refused.html", context, status=HTTPStatus.FORBIDDEN)
