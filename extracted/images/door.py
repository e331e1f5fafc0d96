"""What is checked before a byte of an upload is read: who sends it and how much."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, UnreadablePostError

from extracted.images.conf import config
from extracted.images.pages import refused


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in only a known user with a body of a stated length below the limit.

    Stands before the CSRF check, which would read (and store) the whole body to find its token.
    """

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _refusal(request) or _received(request, lambda: view(request, *args, **kwargs))

    return check


def _received(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return answer()
    except UnreadablePostError:
        error = "the upload broke off before all of it arrived: send it again"
        return refused(request, status=HTTPStatus.BAD_REQUEST, error=error)
    finally:
        # Django closes what arrived whole; of what broke off in the middle only its handler knows.
        for handler in request.upload_handlers:
            handler.upload_interrupted()


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in only a known user."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _unknown_user(request) or view(request, *args, **kwargs)

    return check


def _unknown_user(request: HttpRequest) -> HttpResponse | None:
    if request.user.is_authenticated:
        return None
    error = "log in first: the request carries no Strangler-Principal"
    return refused(request, status=HTTPStatus.UNAUTHORIZED, error=error)


def _refusal(request: HttpRequest) -> HttpResponse | None:
    return _unknown_user(request) or _unknown_length(request) or _too_long(request)


def _unknown_length(request: HttpRequest) -> HttpResponse | None:
    if request.META.get("CONTENT_LENGTH", "").isdecimal():
        return None
    error = "send the length of the upload (Content-Length)"
    return refused(request, status=HTTPStatus.LENGTH_REQUIRED, error=error)


def _too_long(request: HttpRequest) -> HttpResponse | None:
    limit = config().max_body_bytes
    if int(request.META["CONTENT_LENGTH"]) <= limit:
        return None
    error = f"the upload is too large: at most {limit / 1_000_000:g} MB at a time"
    return refused(request, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error=error)
