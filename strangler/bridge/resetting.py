"""Links that set a new password, good on both sides: mailed by one before the switch, opened at the other after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from strangler.bridge.models import Link
from strangler.bridge.users import find
from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AbstractBaseUser


class SharedResetTokens(PasswordResetTokenGenerator):
    """Django's tokens, made of what both sides know of a user and signed with the keys that both have.

    Used up by a new password or address, like Django's; not by a login, which only one side knows of.
    """

    key_salt = "strangler.bridge.SharedResetTokens"

    @property
    def secret(self) -> str:  # type: ignore[override]  # read each time, so that keys can change
        """The key that signs."""
        return config().signing_keys[0]

    @property
    def secret_fallbacks(self) -> Sequence[str]:  # type: ignore[override]
        """The keys that are good, too."""
        return config().signing_keys[1:]

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{_uid_of(user)}{user.password}{timestamp}{getattr(user, user.get_email_field_name(), '')}"


reset_tokens = SharedResetTokens()
"""The generator for Django's `PasswordResetView.token_generator` and `PasswordResetConfirmView.token_generator`."""


def reset_uid(user: AbstractBaseUser) -> str:
    """Return what a link names *user* by, in place of the primary key, which differs on both sides."""
    return urlsafe_base64_encode(force_bytes(_uid_of(user)))


class SharedResetLink:
    """Before Django's `PasswordResetConfirmView`: takes links of both sides."""

    token_generator = reset_tokens

    def get_user(self, uidb64: str) -> AbstractBaseUser | None:
        """Return the user whom the link names, or None."""
        try:
            return find(str(UUID(urlsafe_base64_decode(uidb64).decode())))
        except ValueError:
            return None


def _uid_of(user: AbstractBaseUser) -> str:
    link, _ = Link.objects.get_or_create(user_id=user.pk, defaults={"due_at": timezone.now()})
    return str(link.uid)
