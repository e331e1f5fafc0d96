"""Who is logged in, from Django's session, for a request that Django itself will not see.

Note [No guessing who asks]: when the session store is away, a forwarded request would look anonymous and do the
wrong thing for a logged-in user. Such a request is not forwarded (`Cause.PRINCIPAL`): nothing was sent, so legacy
answers it as the site always does without its session store, and a route without legacy answers 503.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from strangler.bridge.principals import principal_of
from strangler.conf import config
from strangler.facade.policy import Cause, Failure
from strangler.replicas.carrying import Visitor, begin_visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from strangler.core.principal import Principal
    from strangler.facade.request import Fields, Incoming

logger = logging.getLogger(__name__)


class IdentityUnavailableError(Exception):
    """The session or the user can't be read right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks.

    Args:
        principal: None for somebody who is not logged in.
        fields: `Set-Cookie` of a session that this visit renewed (rolling sessions, a changed key).
    """

    principal: Principal | None = None
    fields: Fields = field(default_factory=list)

    @property
    def is_staff(self) -> bool:
        """Whether this is a member of staff."""
        return self.principal is not None and self.principal.is_staff


def has_session(incoming: Incoming) -> bool:
    """Whether there is a session to look into; without one nobody is logged in and no query is needed."""
    login = config().topology.login
    has_cookie = incoming.cookie(settings.SESSION_COOKIE_NAME) != "" or (
        login is not None and incoming.cookie(login.session_cookie) != ""
    )
    return has_cookie and apps.is_installed("django.contrib.auth")


def identify(cookies: Mapping[str, str]) -> Identity:
    """Return who is logged in, reading the session and the user as Django's own middleware does.

    Outside of Django's request cycle nobody closes database connections, so this does.
    Raises:
        IdentityUnavailableError: the store is away; see Note [No guessing who asks].
    """
    close_old_connections()
    try:
        return _identify(cookies)
    except Exception as error:  # any session engine may raise anything of its driver's
        logger.warning("Who is logged in can't be read: %s", error)
        raise IdentityUnavailableError from error
    finally:
        close_old_connections()


def identify_or_fail(cookies: Mapping[str, str]) -> Identity | Failure:
    """Return who is logged in, or the failure that keeps the request from the service."""
    try:
        return identify(cookies)
    except IdentityUnavailableError as error:
        return Failure(cause=Cause.PRINCIPAL, is_sent=False, detail=repr(error.__cause__))


def recognise(cookies: Mapping[str, str]) -> Principal | None:
    """Return who a session belongs to, and renew nothing; for work that is not the user's own request.

    Raises:
        IdentityUnavailableError: the store is away.
    """
    if not apps.is_installed("django.contrib.auth"):
        return None
    try:
        return _recognise(cookies)
    except Exception as error:  # any session engine may raise anything of its driver's
        raise IdentityUnavailableError from error


def _recognise(cookies: Mapping[str, str]) -> Principal | None:
    from django.contrib.auth import get_user  # noqa: PLC0415 - as below
    from django.contrib.sessions.middleware import SessionMiddleware  # noqa: PLC0415

    begin_visit(cookies)  # a query below must see what this person has just written
    request = HttpRequest()
    request.COOKIES = dict(cookies)
    SessionMiddleware(lambda _request: HttpResponse()).process_request(request)
    return principal_of(get_user(request))


def _identify(cookies: Mapping[str, str]) -> Identity:
    # These modules load models and so need the app registry, which is ready only once requests come.
    from django.contrib.auth import get_user  # noqa: PLC0415
    from django.contrib.sessions.middleware import SessionMiddleware  # noqa: PLC0415

    visitor = Visitor(cookies)
    request = HttpRequest()
    request.COOKIES = dict(cookies)
    sessions = SessionMiddleware(lambda _request: HttpResponse())
    sessions.process_request(request)
    principal = principal_of(_user_of_either_side(request) if _is_bridged() else get_user(request))
    answer = visitor.end(sessions.process_response(request, HttpResponse()))
    renewed = [("Set-Cookie", morsel.OutputString()) for morsel in answer.cookies.values()]
    return Identity(principal=principal, fields=renewed)


def _is_bridged() -> bool:
    """Whether somebody may be logged in at a service."""
    return config().topology.login is not None and apps.is_installed("strangler.bridge")


def _user_of_either_side(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    from strangler.bridge.sessions import user_of  # noqa: PLC0415 - as above

    return user_of(request)
