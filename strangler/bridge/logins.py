"""Ask the service whose a login is, and tell the other side that one has ended."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from strangler import tokens
from strangler.bridge import users
from strangler.bridge.known import remember, user_known
from strangler.bridge.models import EndedLogin
from strangler.bridge.peer import ask, own_name
from strangler.conf import config
from strangler.effects import at_hand
from strangler.errors import PeerUnavailableError, TokenError, UserConflictError

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

PATH = "/_strangler/login"
COOKIE_HEADER = "Strangler-Login"
"""Of the question: the value of the cookie. Not as `Cookie`: the service must not renew or change that session."""

TOLD = ""
"""The cookie of an `EndedLogin` that the service knows of: only its digest is still wanted."""

_REMEMBERED = timedelta(minutes=10)
"""How much longer an end is remembered than a login: more than clocks of two machines differ."""


def whose(cookie: str) -> AbstractBaseUser | None:
    """Return the user here whose login the service's session *cookie* is; None for nobody's.

    Nobody's, too, while the service does not know of a password that was changed here. See Note [Known for a moment] in `known`.

    Raises:
        PeerUnavailableError: the service does not answer, or its answer does not convince.
    """
    digest = tokens.digest(cookie)
    if EndedLogin.objects.filter(digest=digest).exists():
        return None
    known = user_known(digest)
    if known is not None:
        return known
    user = _ask_whose(cookie)
    if user is not None:
        remember(digest, user)
    return user


def _ask_whose(cookie: str) -> AbstractBaseUser | None:
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
    """In the monolith: end the login of the service whose session *cookie* is; if it does not answer, it is told later."""
    try:
        ask("DELETE", PATH, headers={COOKIE_HEADER: cookie})
        _note_end(cookie)
    except PeerUnavailableError as error:
        logger.warning("%s", error)
        _note_end(cookie, is_told=False)


def ended(cookie: str) -> None:
    """In the monolith: take notice that the service ended a login. Idempotent."""
    _note_end(cookie)


def tell_end(cookie: str) -> None:
    """At the service: tell the monolith that a login has ended here, or that its session has another key. In a sandbox nothing has."""
    if at_hand.keeper.get() is not None:
        return
    try:
        ask("DELETE", PATH, headers={COOKIE_HEADER: cookie})
    except PeerUnavailableError as error:
        logger.warning("The monolith may go on with a login for a moment: %s", error)


def end_again() -> int:
    """Tell the service what it could not be told; returns how many logins.

    Raises: PeerUnavailableError: the rest has to wait.
    """
    told = 0
    for login in EndedLogin.objects.exclude(cookie=TOLD).order_by("ended_at"):
        ask("DELETE", PATH, headers={COOKIE_HEADER: login.cookie})
        EndedLogin.objects.filter(pk=login.pk).update(cookie=TOLD)
        told += 1
    return told


def forget_ended() -> int:
    """Delete ends that both sides know for so long that no process can remember the login; returns how many."""
    over = timezone.now() - config().login_cache - _REMEMBERED
    deleted, _ = EndedLogin.objects.filter(cookie=TOLD, ended_at__lt=over).delete()
    return deleted


def _note_end(cookie: str, *, is_told: bool = True) -> None:
    EndedLogin.objects.get_or_create(
        digest=tokens.digest(cookie),
        defaults={"cookie": TOLD if is_told else cookie, "ended_at": timezone.now()},
    )


def _user_of(claims: dict[str, Any]) -> AbstractBaseUser | None:
    """Return the user that the service named, made or changed first if the service could not tell of it before."""
    links = users.links_of([claims["uid"]])
    if not links or claims["is_news"]:
        users.receive(claims["user"])
        links = users.links_of([claims["uid"]])
    return None if users.has_news(links[0]) else users.user_of(links[0])
