"""Middleware of both sides; after Django's AuthenticationMiddleware."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, login
from django.http import HttpResponse, JsonResponse

from strangler import tokens
from strangler.bridge import logins, sessions, users
from strangler.bridge.noticing import collecting
from strangler.bridge.peer import own_name
from strangler.errors import PeerUnavailableError, TokenError, UserConflictError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    Handler = Callable[[HttpRequest], HttpResponseBase]

RETRY_AFTER_SECONDS = 2


class LoginMiddleware:
    """In the monolith: set `request.user` to whoever is logged in, on either side.

    A logout, another login or a changed password here ends the login at the service as well. 503 while the service that
    would know does not answer.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request* as the user who is logged in."""
        with collecting() as changed:
            response = self._answer(request)
        if changed:
            users.push_quietly(changed)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        cookie = sessions.cookie_of(request.COOKIES)
        if not cookie and not sessions.is_bound(request):
            return self.get_response(request)
        try:
            _set_user(request, sessions.user_of(request))
        except PeerUnavailableError as error:
            return _unavailable(str(error))
        before = request.session.get(HASH_SESSION_KEY) if sessions.is_bound(request) else None
        response = self.get_response(request)
        if before is not None and not _is_as_before(request, before):
            request.session.pop(sessions.BOND, None)  # a login that goes on lives here from now on
            logins.end(cookie)
        if cookie and not sessions.is_bound(request):
            _delete_cookie(response)
        return response


class VisitorMiddleware:
    """In the service that owns login: set `request.user` to whom the monolith's principal names.

    A login of the service itself comes first; when it ends, the monolith is told before the browser is. A principal that does not convince is answered with 401. Who changes their password
    here while their login lives in the monolith, where it ends thereby, is logged in here.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request* as the user who is logged in."""
        before = _own_login(request)
        with collecting() as changed:
            response = self._answer(request)
        if changed:
            users.push_quietly(changed)
        if before and request.session.session_key != before:
            logins.tell_end(before)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            visitor = _visitor(request)
        except TokenError as error:
            return JsonResponse({"error": "principal", "detail": str(error)}, status=401)
        except (PeerUnavailableError, UserConflictError) as error:
            return _unavailable(str(error))
        if visitor is None:
            return self.get_response(request)
        _set_user(request, visitor)
        before = visitor.password
        response = self.get_response(request)
        if SESSION_KEY not in request.session and request.user == visitor and visitor.password != before:
            login(request, visitor, backend=_BACKEND)
        return response


def is_visitor(request: HttpRequest) -> bool:
    """Whether the login of the request's user lives on the other side, and so has to end there."""
    return request.user.is_authenticated and SESSION_KEY not in request.session


def _own_login(request: HttpRequest) -> str:
    """Return the key of the session in which somebody is logged in here; to look is not to depend on it (`Vary`)."""
    key, accessed = request.session.session_key, request.session.accessed
    is_login = key is not None and SESSION_KEY in request.session
    request.session.accessed = accessed
    return str(key) if is_login else ""


def _visitor(request: HttpRequest) -> AbstractBaseUser | None:
    value = request.headers.get(tokens.PRINCIPAL_HEADER)
    if value is None:
        return None
    principal = tokens.read_principal(value, audience=own_name())
    if principal.is_service or request.user.is_authenticated:
        return None
    user = users.fetch(principal.id)
    return user if user is not None and user.is_active else None


def _is_as_before(request: HttpRequest, session_hash: str) -> bool:
    return sessions.is_bound(request) and request.session.get(HASH_SESSION_KEY) == session_hash


def _set_user(request: Any, user: AbstractBaseUser | AnonymousUser) -> None:
    request.user = user
    request._cached_user = user  # noqa: SLF001 - what Django's middleware looks at


def _delete_cookie(response: HttpResponseBase) -> None:
    name = sessions.cookie_name()
    if name not in response.cookies:
        response.delete_cookie(name, samesite="Lax")


def _unavailable(reason: str) -> HttpResponse:
    text = f"Whether you are logged in can't be told right now. Please try again soon. ({reason})\n"
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers=headers)


_BACKEND = "django.contrib.auth.backends.ModelBackend"
