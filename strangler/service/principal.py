"""Turn the signed principal of a request into `request.user`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import JsonResponse

from strangler.conf import config
from strangler.errors import TokenError
from strangler.tokens import PRINCIPAL_HEADER, read_principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from strangler.core.principal import Principal


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The user of a request in a service: what templates, views and permissions expect of a user.

    It has no row in the service's database; `id` is the primary key in the monolith, as text.
    """

    principal: Principal
    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> str:
        """Primary key in the monolith."""
        return self.principal.id

    @property
    def id(self) -> str:
        """Primary key in the monolith."""
        return self.principal.id

    @property
    def username(self) -> str:
        """Name to show."""
        return self.principal.username

    @property
    def email(self) -> str:
        """Address, may be empty."""
        return self.principal.email

    @property
    def is_staff(self) -> bool:
        """Whether staff pages are open to this user."""
        return self.principal.is_staff

    @property
    def is_superuser(self) -> bool:
        """Whether every permission is granted."""
        return self.principal.is_superuser

    def __str__(self) -> str:
        """Return the name, as Django's own user does."""
        return self.username

    def get_username(self) -> str:
        """Return the name, as Django's own user does."""
        return self.username

    def has_perm(self, _perm: str, _obj: object = None) -> bool:
        """Whether this user may do everything; finer permissions stay with the monolith."""
        return self.is_superuser

    def has_module_perms(self, _app_label: str) -> bool:
        """Whether this user may do everything."""
        return self.is_superuser


@dataclass(frozen=True, slots=True)
class AnonymousServiceUser:
    """Nobody; Django's own class would need the tables of `django.contrib.auth`, which a service lacks."""

    id = None
    pk = None
    username = ""
    email = ""
    is_authenticated = False
    is_anonymous = True
    is_active = False
    is_staff = False
    is_superuser = False

    def __str__(self) -> str:
        """Return what Django's own class does."""
        return "AnonymousUser"

    def get_username(self) -> str:
        """Return the empty name."""
        return ""

    def has_perm(self, _perm: str, _obj: object = None) -> bool:
        """Return False."""
        return False

    def has_module_perms(self, _app_label: str) -> bool:
        """Return False."""
        return False


class PrincipalMiddleware:
    """Set `request.user` from the `Strangler-Principal` header.

    No header is an anonymous user. A header that is forged, expired or for another audience is answered with
    401 at once: whoever sent it meant to be somebody.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer *request* as the user whom the principal names."""
        value = request.headers.get(PRINCIPAL_HEADER)
        if value is None:
            request.user = AnonymousServiceUser()  # type: ignore[assignment]  # a user without a table
            return self.get_response(request)
        try:
            principal = read_principal(value, audience=config().service)
        except TokenError as error:
            return JsonResponse({"error": "principal", "detail": str(error)}, status=401)
        request.user = ServiceUser(principal)  # type: ignore[assignment]  # a user without a table
        return self.get_response(request)
