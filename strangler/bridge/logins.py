"""Ask the service whose a login is, and tell it that one has ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler import tokens
from strangler.bridge import users
from strangler.bridge.models import EndedLogin
from strangler.bridge.peer import ask, own_name
from strangler.errors import PeerUnavailableError, TokenError, UserConflictError

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

PATH = "/_strangler/login"
COOKIE_HEADER = "Strangler-Login"
"""Of the question: the value of the cookie. Not as `Cookie`: the service must not renew or change that session."""


def whose(cookie: str) -> AbstractBaseUser | None:
    """Return the user here whose login the service's session *cookie* is; None for nobody's.

    Nobody's, too, while the service does not know of a password that was changed here.

    Raises:
        PeerUnavailableError: the service does not answer, or its answer does not convince.
    """
    if EndedLogin.objects.filter(digest=tokens.digest(cookie)).exists():
        return None
    answer = ask("GET", PATH, headers={COOKIE_HEADER: cookie})
    if answer is None:
        return None
    try:
        claims = tokens.read_login(str(answer.get("login", "")), cookie=cookie, audience=own_name())
        return _user_of(claims)
    except (TokenError, UserConflictError) as error:
        logger.warning("%s", error)
        raise PeerUnavailableError(
            "The service of logins", reason=f"said what can't be used: {error}"
        ) from error


def end(cookie: str) -> None:
    """End the login of the service whose session *cookie* is; if the service does not answer, it is told later."""
    try:
        ask("DELETE", PATH, headers={COOKIE_HEADER: cookie})
    except PeerUnavailableError as error:
        logger.warning("%s", error)
        EndedLogin.objects.get_or_create(
            digest=tokens.digest(cookie), defaults={"cookie": cookie, "ended_at": timezone.now()}
        )


def end_again() -> int:
    """Tell the service what it could not be told; returns how many logins.

    Raises: PeerUnavailableError: the rest has to wait.
    """
    told = 0
    for ended in EndedLogin.objects.order_by("ended_at"):
        ask("DELETE", PATH, headers={COOKIE_HEADER: ended.cookie})
        ended.delete()
        told += 1
    return told


def _user_of(claims: dict[str, Any]) -> AbstractBaseUser | None:
    """Return the user that the service named, made or changed first if the service could not tell of it before."""
    links = users.links_of([claims["uid"]])
    if not links or claims["is_news"]:
        users.receive(claims["user"])
        links = users.links_of([claims["uid"]])
    return None if users.has_news(links[0]) else users.user_of(links[0])
