"""In the monolith: what the service has just said of its logins, so that not each request has to ask.

Note [Known for a moment]: for `STRANGLER["LOGIN_CACHE"]` a process goes on with what the service said of a cookie. An end counts at once all
the same, in every process, since two things are looked up each time: whether the login has ended (`EndedLogin`: the service tells of each
logout and each renewed key before it answers the browser), and whether the user's password is still the one that the login was
asked with. What the service can't tell (a session that expires, or is deleted by hand; a monolith that was not to be reached) is noticed when
the moment is over. Nothing is stored outside of the process's memory, so there is nothing to sign.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strangler.bridge.models import Link
from strangler.conf import config

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

LIMIT = 10_000
"""Logins that a process knows at most; those that it learnt first go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    user_pk: Any
    session_hash: str
    until: float


_logins: OrderedDict[str, _Login] = OrderedDict()
_lock = threading.Lock()


def remember(digest: str, user: AbstractBaseUser) -> None:
    """Keep for a moment that the cookie of this *digest* is *user*'s login."""
    seconds = config().login_cache.total_seconds()
    if seconds <= 0:
        return
    login = _Login(
        user_pk=user.pk, session_hash=user.get_session_auth_hash(), until=time.monotonic() + seconds
    )
    with _lock:
        _logins.pop(digest, None)
        _logins[digest] = login
        while len(_logins) > LIMIT:
            _logins.popitem(last=False)


def user_known(digest: str) -> AbstractBaseUser | None:
    """Return the user whose login the cookie of this *digest* is; None if the service has to be asked."""
    login = _logins.get(digest)
    if login is None or login.until <= time.monotonic():
        return None
    # By the link, which is read from the primary: a replica may not have the new password yet.
    link = Link.objects.filter(user_id=login.user_pk).select_related("user").first()
    user: AbstractBaseUser | None = link.user if link is not None else None
    return user if user is not None and user.get_session_auth_hash() == login.session_hash else None


def forget() -> None:
    """Know nothing any more."""
    with _lock:
        _logins.clear()
