"""What tests inside the service's own process share. Run: pytest --ds=extracted.accounts.settings tests/services/accounts."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from extracted.accounts.models import Profile
from strangler.bridge import peer
from strangler.bridge.models import Link
from strangler.core.principal import Principal
from strangler.service import PRINCIPAL_HEADER, sign_principal
from tests.integration.bridge.other_side import OtherSide

PASSWORD = "Saturday-morning-3"
USERS = "/_strangler/users"


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def shop(settings):
    """Stand for the monolith: takes every user."""
    peer.forget()
    side = OtherSide()
    settings.STRANGLER = {**settings.STRANGLER, "MONOLITH_URL": side.url}
    side.answers["POST", USERS] = lambda _headers, items: [
        {"uid": each["uid"], "id": "7", "record": each["sent"]} for each in items
    ]
    yield side
    side.stop()
    peer.forget()


@pytest.fixture
def ada(db):
    """A customer whom the shop knows as number 7."""
    user = User.objects.create_user("ada", "ada@example.org", PASSWORD)
    Profile.objects.create(user=user)
    Link.objects.filter(user=user).update(peer_id="7")
    return user


@pytest.fixture
def browser(client, ada):
    """A browser in which ada logged in at the service."""
    client.force_login(ada)
    return client


@pytest.fixture
def visitor(ada):
    """A browser in which ada logged in at the shop, as the facade forwards it."""
    principal = Principal(id="7", username="ada")
    return Client(headers={PRINCIPAL_HEADER: sign_principal(principal, audience="accounts")})
