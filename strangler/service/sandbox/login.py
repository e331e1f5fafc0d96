"""In the monolith's sandbox: let the user be logged in whom the principal names, by a session that is rolled back."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings

from strangler import tokens

if TYPE_CHECKING:
    from django.http import HttpRequest


def log_in(request: HttpRequest) -> None:
    """Give *request* a session of the user whom its principal names, if there is such a user here.

    Raises: TokenError: the principal is forged or expired.
    """
    value = request.headers.get(tokens.PRINCIPAL_HEADER)
    if value is None or not apps.is_installed("django.contrib.auth"):
        return
    principal = tokens.read_principal(value, audience=tokens.MONOLITH)
    key = _session_of(principal.id)
    if key:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = key
        request.META["HTTP_COOKIE"] = f"{settings.SESSION_COOKIE_NAME}={key}"


def _session_of(user_id: str) -> str | None:
    from django.contrib.auth import (  # noqa: PLC0415 - an app that may be missing
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
    )

    users = get_user_model()._default_manager  # noqa: SLF001 - what Django's own log-in uses
    user = users.filter(pk=user_id).first()
    if user is None:
        return None
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash() if hasattr(user, "get_session_auth_hash") else ""
    session.save()
    return str(session.session_key)
