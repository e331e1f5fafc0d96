"""Who may see and do what: everybody reads what is for sale; services and the staff read everything; the staff writes."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render

from extracted.catalog.conf import config
from strangler.service import ServiceUser

View = Callable[..., HttpResponse]
# Pages bring their own style and nothing else; nobody frames them.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def may_see_all(request: HttpRequest) -> bool:
    """Tell whether the caller may see what is not for sale: a service, or somebody of the staff."""
    return is_service(request) or bool(request.user.is_authenticated and request.user.is_staff)


def for_editors(view: View) -> View:
    """Let in services, and staff with the form token that a browser's request must have."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _refusal(request) or view(request, *args, **kwargs)

    return check


def for_staff(view: View) -> View:
    """Let in staff; others are sent to the login page, or told that this is not theirs."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _closed(_person_refusal(request) or view(request, *args, **kwargs))

    return check


def refused(request: HttpRequest, *, title: str, error: str, status: int) -> HttpResponse:
    """Answer with a page that says what is wrong."""
    return _closed(render(request, "catalog/refused.html", {"title": title, "error": error}, status=status))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page."""
    error = f"The form's protection token is missing or wrong, so reload the page and try again ({reason})."
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return refused(request, title="This form is too old", error=error, status=HTTPStatus.FORBIDDEN)
    return JsonResponse({"error": "csrf", "detail": error}, status=HTTPStatus.FORBIDDEN)


def is_service(request: HttpRequest) -> bool:
    """Tell whether a service asks, in its own name."""
    user: object = request.user
    return isinstance(user, ServiceUser) and user.principal.is_service


def caller_of(request: HttpRequest) -> str:
    """Return the id of the principal, for the record."""
    return str(request.user.pk)[:80]


def _refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        detail = "log in first: the request carries no Strangler-Principal"
        return JsonResponse({"error": "who", "detail": detail}, status=HTTPStatus.UNAUTHORIZED)
    if not may_see_all(request):
        detail = "only services and the staff edit the catalogue"
        return JsonResponse({"error": "staff", "detail": detail}, status=HTTPStatus.FORBIDDEN)
    size, limit = int(request.META.get("CONTENT_LENGTH") or 0), config().max_body_bytes
    if size > limit:
        detail = f"the body has {size:,} bytes; at most {limit:,} are taken"
        return JsonResponse(
            {"error": "too-large", "detail": detail}, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    if is_service(request):
        return None
    # A browser of the staff could be made to send this by another site; a service has no browser.
    refusal = CsrfViewMiddleware(lambda _: HttpResponse()).process_view(request, _no_view, (), {})
    return refusal if isinstance(refusal, HttpResponse) else None


def _person_refusal(request: HttpRequest) -> HttpResponse | None:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{config().login_url}?{urlencode({'next': request.get_full_path()})}")
    if request.user.is_staff:
        return None
    error = "The catalogue is edited by the staff. Your account is a customer's."
    return refused(request, title="Only for staff", error=error, status=HTTPStatus.FORBIDDEN)


def _closed(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _no_view(_request: HttpRequest) -> HttpResponse:
    """Stand for the view: the check itself is all that is wanted."""
    return HttpResponse()
