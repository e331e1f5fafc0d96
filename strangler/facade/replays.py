"""Requests that the shadow worker asks legacy again: they go past every decision, into the monolith's sandbox."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from strangler import tokens
from strangler.conf import config
from strangler.errors import TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

ENVIRON_KEY = "HTTP_STRANGLER_SHADOW"
"""Where the header is in a WSGI environ."""

_SCOPE_KEY = b"strangler-shadow"


def is_replay(token: str) -> bool:
    """Whether *token* was signed for the monolith: only then the header goes in, and nothing is decided.

    One that has expired on its way goes in too: the sandbox refuses it, while without the header the request would be done for good.
    """
    if not config().signing_keys:
        return False
    try:
        tokens.read_shadow(token, audience=tokens.MONOLITH)
    except TokenError as error:
        if not error.is_expired:
            logger.warning("A replay was taken for a plain request: its token %s", error)
        return error.is_expired
    return True


def replay_tokens(scope: Mapping[str, Any]) -> list[str]:
    """Return the values of the header in an ASGI scope; of an underscore Django would make a dash."""
    return [value.decode("latin-1") for name, value in scope["headers"] if _is_token(name)]


def without_replay_token(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scope as it was, without the header."""
    return {**scope, "headers": [pair for pair in scope["headers"] if not _is_token(pair[0])]}


def _is_token(name: bytes) -> bool:
    return len(name) == len(_SCOPE_KEY) and name.lower().replace(b"_", b"-") == _SCOPE_KEY
