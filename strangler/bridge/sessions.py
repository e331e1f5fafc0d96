"""In the monolith: who is logged in at the service, and the session here that is bound to that login.

See Note [Where a login lives]. The service is asked about each cookie, over a kept connection, see Note [Known for a moment].
While it does not answer, whom it named last stays logged in for `STRANGLER["LOGIN_GRACE"]`, by the session here; whoever has none gets 503:
see Note [No guessing who asks].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
    logout,
)
from django.utils import timezone

from strangler import tokens
from strangler.bridge import logins
from strangler.conf import config
from strangler.errors import PeerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.http import HttpRequest

BOND = "_strangler_login"
"""In the session: `[digest of the service's cookie, when the service said so last]`."""

_SAVED_EVERY_SECONDS = 60


def cookie_name() -> str:
    """Return the name of the service's session cookie; empty where nobody logs in at a service."""
    login = config().topology.login
    return login.session_cookie if login is not None else ""


def cookie_of(cookies: Mapping[str, str]) -> str:
    """Return the value of the service's session cookie, or an empty text."""
    return cookies.get(cookie_name() or "", "")


def is_bound(request: HttpRequest) -> bool:
    """Whether the session here is bound to a login of the service; to look is not to depend on it (`Vary`)."""
    if not cookie_name() or not (request.session.modified or request.session.session_key):
        return False
    accessed = request.session.accessed
    found = BOND in request.session
    request.session.accessed = accessed
    return found


def user_of(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Return who is logged in, on either side; makes, renews or ends the session here that is bound to the service's.

    Args: request: with `session` and `COOKIES`.
    Raises:
        PeerUnavailableError: the service has to know, and does not answer.
    """
    cookie = cookie_of(request.COOKIES)
    if not cookie:
        _unbind(request)
        return get_user(request)
    try:
        user = logins.whose(cookie)
    except PeerUnavailableError:
        return _last_known(request, cookie)
    if user is None:
        _unbind(request)
        return get_user(request)
    _bind(request, user, cookie)
    return get_user(request)


def _unbind(request: HttpRequest) -> None:
    """End the session here if its login was the service's, which has ended there or is somebody else's cookie."""
    if is_bound(request):
        logout(request)


def _last_known(request: HttpRequest, cookie: str) -> AbstractBaseUser | AnonymousUser:
    digest, said_at = request.session.get(BOND, ("", 0.0))
    user = get_user(request)
    is_fresh = timezone.now().timestamp() - said_at <= config().login_grace.total_seconds()
    if digest == tokens.digest(cookie) and is_fresh and user.is_authenticated:
        return user
    raise PeerUnavailableError(config().topology.login.name, reason="does not answer")  # type: ignore[union-attr]


def _bind(request: HttpRequest, user: AbstractBaseUser, cookie: str) -> None:
    """Make the session here one of *user*.

    As Django's `login()` does, with a new key; but without a new CSRF token, since several requests of one page come here
    at the same time, and without another `last_login`: the login was at the service.
    """
    session, now = request.session, timezone.now().timestamp()
    digest, said_at = session.get(BOND, ("", 0.0))
    facts = _facts(user)
    if digest == tokens.digest(cookie) and all(session.get(key) == value for key, value in facts.items()):
        if now - said_at > _SAVED_EVERY_SECONDS:
            session[BOND] = [digest, now]
        return
    if session.get(SESSION_KEY, facts[SESSION_KEY]) == facts[SESSION_KEY]:
        session.cycle_key()
    else:
        session.flush()  # what somebody else left in it is nobody's business
    session.update({**facts, BOND: [tokens.digest(cookie), now]})


def _facts(user: AbstractBaseUser) -> dict[str, Any]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
