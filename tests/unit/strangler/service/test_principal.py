"""The middleware of a service: who the user is."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from strangler.service import PRINCIPAL_HEADER, Principal, PrincipalMiddleware, sign_principal

ANN = Principal(id="7", username="ann", email="ann@example.com")


@pytest.fixture(autouse=True)
def configured(settings):
    settings.STRANGLER = {"SERVICE": "images", "SIGNING_KEYS": ["k" * 40]}


def ask(**headers):
    seen = []

    def view(request):
        seen.append(request.user)
        return HttpResponse("served")

    request = RequestFactory().get("/", headers=headers)
    return PrincipalMiddleware(view)(request), seen


def test_a_signed_principal_becomes_the_user():
    response, (user,) = ask(**{PRINCIPAL_HEADER: sign_principal(ANN, audience="images")})
    assert response.content == b"served"
    assert user.is_authenticated
    assert (user.id, user.pk, user.username, user.get_username(), str(user)) == (
        "7",
        "7",
        "ann",
        "ann",
        "ann",
    )
    assert not user.has_perm("anything")


def test_a_superuser_may_do_everything():
    boss = Principal(id="1", username="boss", is_staff=True, is_superuser=True)
    _, (user,) = ask(**{PRINCIPAL_HEADER: sign_principal(boss, audience="images")})
    assert user.has_perm("anything")
    assert user.has_module_perms("images")
    assert user.is_staff


def test_no_header_is_nobody():
    _, (user,) = ask()
    assert not user.is_authenticated
    assert user.is_anonymous
    assert not user.has_perm("anything")


@pytest.mark.parametrize("value", ["", "forged", sign_principal])
def test_a_header_that_does_not_convince_is_answered_401_and_reaches_no_view(value):
    value = value(ANN, audience="email") if callable(value) else value
    response, seen = ask(**{PRINCIPAL_HEADER: value})
    assert response.status_code == 401
    assert b"principal" in response.content
    assert seen == []
