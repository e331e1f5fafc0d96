"""Signed values: whom they convince, and for how long."""

from datetime import timedelta

import pytest
import time_machine

from strangler.core.principal import Principal
from strangler.errors import TokenError
from strangler.tokens import (
    gateway_secret,
    is_gateway,
    read,
    read_login,
    read_principal,
    sign,
    sign_login,
    sign_principal,
)

OLD, NEW, FOREIGN = "o" * 40, "n" * 40, "f" * 40
ANN = Principal(id="7", username="ann", email="ann@example.com", is_staff=True)


@pytest.fixture(autouse=True)
def keys(settings):
    settings.STRANGLER = {"SIGNING_KEYS": [NEW, OLD]}


def test_a_principal_arrives_as_it_was_sent():
    assert read_principal(sign_principal(ANN, audience="images"), audience="images") == ANN


def test_a_principal_for_one_audience_does_not_convince_another():
    with pytest.raises(TokenError, match="not for this purpose"):
        read_principal(sign_principal(ANN, audience="images"), audience="email")


@pytest.mark.parametrize("position", [0, 10, -1])
def test_a_tampered_principal_is_refused(position):
    value = list(sign_principal(ANN, audience="images"))
    value[position] = "A" if value[position] != "A" else "B"
    with pytest.raises(TokenError):
        read_principal("".join(value), audience="images")


@pytest.mark.parametrize("value", ["", "x", "a:b:c", "é", ":" * 50, "{}"])
def test_rubbish_is_refused(value):
    with pytest.raises(TokenError):
        read_principal(value, audience="images")


def test_a_principal_expires_after_its_lifetime():
    with time_machine.travel("2026-01-01 12:00:00+00:00", tick=False) as clock:
        value = sign_principal(ANN, audience="images")
        clock.shift(timedelta(seconds=29))
        assert read_principal(value, audience="images") == ANN
        clock.shift(timedelta(seconds=2))
        with pytest.raises(TokenError, match="has expired"):
            read_principal(value, audience="images")


def test_a_value_signed_with_the_old_key_is_still_good(settings):
    settings.STRANGLER = {"SIGNING_KEYS": [OLD]}
    value = sign_principal(ANN, audience="images")
    settings.STRANGLER = {"SIGNING_KEYS": [NEW, OLD]}
    assert read_principal(value, audience="images") == ANN


def test_a_value_signed_with_a_foreign_key_is_refused(settings):
    settings.STRANGLER = {"SIGNING_KEYS": [FOREIGN]}
    value = sign_principal(ANN, audience="images")
    settings.STRANGLER = {"SIGNING_KEYS": [NEW, OLD]}
    with pytest.raises(TokenError):
        read_principal(value, audience="images")


def test_claims_that_this_version_does_not_know_are_refused():
    value = sign({"id": "7", "shoe_size": 43}, purpose="principal for images")
    with pytest.raises(TokenError, match="does not know"):
        read_principal(value, audience="images")


def test_a_value_is_bound_to_its_purpose():
    with pytest.raises(TokenError):
        read(sign({"a": 1}, purpose="override"), purpose="principal for images", max_age=timedelta(minutes=1))


def test_a_service_speaks_for_itself():
    principal = Principal.for_service("images")
    assert principal.is_service
    assert not ANN.is_service


def test_a_login_is_asserted_about_one_cookie_to_one_audience():
    value = sign_login({"uid": "u"}, cookie="c", audience="monolith")
    assert read_login(value, cookie="c", audience="monolith") == {"uid": "u"}
    with pytest.raises(TokenError, match="another session"):
        read_login(value, cookie="d", audience="monolith")
    with pytest.raises(TokenError):
        read_login(value, cookie="c", audience="images")


def test_an_assertion_about_a_login_is_no_principal():
    with pytest.raises(TokenError):
        read_principal(sign_login({"id": "7"}, cookie="c", audience="images"), audience="images")


def test_the_gateway_is_known_by_a_secret_of_each_key(settings):
    new = gateway_secret()
    settings.STRANGLER = {"SIGNING_KEYS": [OLD]}
    old = gateway_secret()
    assert not is_gateway(new)
    settings.STRANGLER = {"SIGNING_KEYS": [NEW, OLD]}
    assert (is_gateway(new), is_gateway(old), is_gateway("")) == (True, True, False)
