"""A user of Django as one side asserts them to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.principal import Principal

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def principal_of(user: AbstractBaseUser | AnonymousUser) -> Principal | None:
    """Return who *user* is, as one side tells the other; None for nobody."""
    if not user.is_authenticated:
        return None
    email_field = user.get_email_field_name() if hasattr(user, "get_email_field_name") else "email"
    return Principal(
        id=str(user.pk),
        username=user.get_username(),
        email=getattr(user, email_field, "") or "",
        is_staff=bool(getattr(user, "is_staff", False)),
        is_superuser=bool(getattr(user, "is_superuser", False)),
    )
