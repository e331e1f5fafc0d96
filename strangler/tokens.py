"""Signed, short-lived values that one process hands to another: principals and overrides.

The keys are `STRANGLER["SIGNING_KEYS"]`: the first signs, all of them verify, so that a key can be changed
without a moment in which values are refused. Source: `django.core.signing`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from strangler.conf import config
from strangler.core.principal import Principal
from strangler.errors import TokenError

if TYPE_CHECKING:
    from datetime import timedelta

PRINCIPAL_HEADER = "Strangler-Principal"

SHADOW_HEADER = "Strangler-Shadow"
"""Of a request whose answer nobody uses: puts the receiver into its sandbox. Dropped at the door when a client sends it."""

SANDBOX_HEADER = "Strangler-Sandbox"
"""Of the answer to such a request: the receiver's signed word that it was in its sandbox."""

AUDIENCE_HEADER = "Strangler-Audience"
"""Of the gateway's question who asks: the service that is to be told."""

GATEWAY_HEADER = "Strangler-Gateway"
"""Of what only the gateway may ask or say: `gateway_secret()`."""

FALLBACK_HEADER = "Strangler-Fallback"
"""Of an answer: why legacy gave it. Of the gateway's request to legacy: why it does not go to the service."""

MONOLITH = "monolith"
"""Audience of what is signed for the monolith."""


def sign(claims: dict[str, Any], *, purpose: str) -> str:
    """Return *claims* as an URL-safe text that only `read` with the same *purpose* accepts."""
    keys = config().signing_keys
    return signing.dumps(claims, key=keys[0], salt=f"strangler.{purpose}")


def read(token: str, *, purpose: str, max_age: timedelta) -> dict[str, Any]:
    """Return the claims of *token*.

    Raises:
        TokenError: forged, older than *max_age*, or signed for another purpose.
    """
    keys = config().signing_keys
    try:
        claims: dict[str, Any] = signing.loads(
            token, key=keys[0], fallback_keys=list(keys[1:]), salt=f"strangler.{purpose}", max_age=max_age
        )
    except signing.SignatureExpired as error:
        raise TokenError(
            f"has expired (it lives {max_age.total_seconds():.0f} s)", purpose=purpose, is_expired=True
        ) from error
    except (signing.BadSignature, ValueError) as error:
        raise TokenError(
            "was not signed with one of our keys, or not for this purpose", purpose=purpose
        ) from error
    return claims


def sign_principal(principal: Principal, *, audience: str) -> str:
    """Return the value of the `Strangler-Principal` header that asserts *principal* to *audience*."""
    return sign(principal.claims(), purpose=f"principal for {audience}")


def read_principal(value: str, *, audience: str) -> Principal:
    """Return the principal that a `Strangler-Principal` header asserts to *audience*.

    Raises:
        TokenError: forged, expired, for another audience, or with claims we do not know.
    """
    purpose = f"principal for {audience}"
    claims = read(value, purpose=purpose, max_age=config().principal_lifetime)
    try:
        return Principal.from_claims(claims)
    except TypeError as error:
        raise TokenError("has claims that this version does not know", purpose=purpose) from error


def sign_login(claims: dict[str, Any], *, cookie: str, audience: str) -> str:
    """Return what a service asserts to *audience* about whom its session *cookie* belongs to."""
    return sign({**claims, "cookie": digest(cookie)}, purpose=f"login for {audience}")


def read_login(value: str, *, cookie: str, audience: str) -> dict[str, Any]:
    """Return the claims of an assertion about *cookie*.

    Raises:
        TokenError: forged, expired, for another audience, or about another cookie.
    """
    purpose = f"login for {audience}"
    claims = read(value, purpose=purpose, max_age=config().principal_lifetime)
    if claims.pop("cookie", "") != digest(cookie):
        raise TokenError("is about another session", purpose=purpose)
    return claims


def digest(cookie: str) -> str:
    """Return what recognises a session's cookie and does not tell it."""
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()


def gateway_secret() -> str:
    """Return what the gateway says in `Strangler-Gateway`; it changes with the first of the signing keys."""
    return _gateway_secret(config().signing_keys[0])


def is_gateway(value: str) -> bool:
    """Whether *value* is the secret of one of the signing keys."""
    return any(
        constant_time_compare(value.encode(), _gateway_secret(key).encode()) for key in config().signing_keys
    )


def _gateway_secret(key: str) -> str:
    return salted_hmac("strangler.gateway", "principal", secret=key, algorithm="sha256").hexdigest()


def sign_shadow(capture: str, *, audience: str) -> str:
    """Return the value of the `Strangler-Shadow` header with which *capture* is replayed against *audience*."""
    return sign({"capture": capture}, purpose=f"shadow for {audience}")


def read_shadow(value: str, *, audience: str) -> str:
    """Return the capture that a `Strangler-Shadow` header names.

    Raises:
        TokenError: forged, expired, or for another audience.
    """
    return _capture_of(value, purpose=f"shadow for {audience}")


def sign_sandbox(capture: str, *, audience: str) -> str:
    """Return the value of the `Strangler-Sandbox` header with which *audience* says that it was in its sandbox."""
    return sign({"capture": capture}, purpose=f"sandbox of {audience}")


def read_sandbox(value: str, *, audience: str) -> str:
    """Return the capture that *audience* says it did in its sandbox; raises TokenError as `read_shadow` does."""
    return _capture_of(value, purpose=f"sandbox of {audience}")


def _capture_of(value: str, *, purpose: str) -> str:
    claims = read(value, purpose=purpose, max_age=config().principal_lifetime)
    return str(claims.get("capture", ""))
