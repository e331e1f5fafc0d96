"""A monolith whose people may log in at a service, or that service; the other side is a fake."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from strangler.bridge import known, peer
from strangler.core.topology import Service, Topology
from tests.integration.bridge.other_side import OtherSide

COOKIE = "halftone_account"
KEYS = ["a signing key of the tests, 32 characters"]
RECORD = {
    "username": "ann",
    "password": "md5$salt$hash",
    "email": "ann@example.com",
    "first_name": "Ann",
    "last_name": "",
    "is_active": True,
    "is_staff": False,
    "is_superuser": False,
    "date_joined": "2026-01-02T03:04:05.678900+00:00",
    "profile.phone": "0113 496 0000",
}
FIELDS = list(RECORD)


@pytest.fixture
def other_side():
    peer.forget()
    known.forget()
    side = OtherSide()
    yield side
    side.stop()
    peer.forget()
    known.forget()


@pytest.fixture
def monolith(settings, other_side, db):
    """Be the monolith; the service `accounts` is the other side."""
    topology = Topology(
        services={name: Service(name=name, settings="x") for name in ("images",)}
        | {"accounts": Service(name="accounts", settings="x", session_cookie=COOKIE)}
    )
    settings.STRANGLER = {
        "TOPOLOGY": topology,
        "SIGNING_KEYS": KEYS,
        "SERVICE_URLS": {"accounts": other_side.url},
        "USER_FIELDS": FIELDS,
        "LOGIN_CACHE": timedelta(0),  # each request asks; the tests of the cache say otherwise
    }
    return other_side


@pytest.fixture
def service(settings, other_side, db):
    """Be the service `accounts`; the monolith is the other side."""
    settings.STRANGLER = {
        "SERVICE": "accounts",
        "SIGNING_KEYS": KEYS,
        "MONOLITH_URL": other_side.url,
        "USER_FIELDS": FIELDS,
    }
    settings.SESSION_COOKIE_NAME = COOKIE
    settings.MIDDLEWARE = [
        each.replace("LoginMiddleware", "VisitorMiddleware") for each in settings.MIDDLEWARE
    ]
    return other_side


@pytest.fixture
def item():
    """A user of the other side that is not here yet."""
    return {"uid": str(uuid.uuid4()), "id": "4711", "base": {}, "sent": dict(RECORD)}


@pytest.fixture
def ann(db):
    """A user of this side."""
    return get_user_model().objects.create_user("ann", "ann@example.com", "a long password", first_name="Ann")
