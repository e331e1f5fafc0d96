"""The facade knows of a login at the service before it sends a request to any service."""

from __future__ import annotations

import pytest
from django.http import parse_cookie

from strangler.bridge.models import Link
from strangler.core.paths import PathPattern
from strangler.core.seams import Route, Service
from strangler.core.topology import Topology
from strangler.facade.conversation import Course, Exchange
from strangler.facade.door import Door
from strangler.facade.identity import IdentityUnavailableError, has_session, identify
from strangler.facade.request import Incoming
from strangler.facade.visit import begin
from strangler.rollout import Snapshot
from tests.integration.bridge.conftest import COOKIE

COOKIES = "sessionid=here; halftone_account=there; messages=hello; csrftoken=token; other=1"


@pytest.fixture(autouse=True)
def _one_transaction(monkeypatch):
    """The facade closes connections, as nobody else does outside of Django's requests; here that would end the test's."""
    monkeypatch.setattr("strangler.facade.identity.close_old_connections", lambda: None)


def incoming(cookies):
    return Incoming(
        method="GET", path="/account/login/", fields=[("Host", "shop.example"), ("Cookie", cookies)]
    )


@pytest.mark.parametrize(
    ("cookies", "is_known"),
    [("sessionid=a", True), (f"{COOKIE}=a", True), ("csrftoken=a", False), (f"{COOKIE}=", False)],
)
def test_a_cookie_of_either_side_is_worth_a_look(monolith, cookies, is_known):
    assert has_session(incoming(cookies)) is is_known


def test_whose_login_at_the_service_it_is_is_known_and_bound_to_a_session_here(monolith, item):
    monolith.say_login("there", item)
    identity = identify({COOKIE: "there"})
    assert identity.principal.id == str(Link.objects.get().user_id)
    ((name, value),) = identity.fields
    assert (name, value.startswith("sessionid=")) == ("Set-Cookie", True)
    session = parse_cookie(value.partition(";")[0])
    assert identify({COOKIE: "there", **session}).fields == []
    assert identify(session).principal is None, "the session here counts only with the cookie of the service"


def test_while_the_service_can_not_be_asked_nobody_is_taken_for_anonymous(monolith):
    monolith.stop()
    with pytest.raises(IdentityUnavailableError):
        identify({COOKIE: "there"})


def test_the_service_sees_its_own_cookies_and_never_the_session_of_the_monolith(monolith, settings):
    route = Route(
        name="accounts.login",
        service="accounts",
        pattern=PathPattern.parse("/account/login/"),
        methods=frozenset({"GET"}),
        has_legacy=False,
    )
    accounts = Service(
        name="accounts", settings="x", session_cookie=COOKIE, cookies=("messages",), routes=(route,)
    )
    settings.STRANGLER = {**settings.STRANGLER, "TOPOLOGY": Topology(services={"accounts": accounts})}
    course = Course(Door(), begin(route, incoming(COOKIES)), Snapshot())
    assert course.settle() is None
    conversation = course.run()
    next(conversation)  # who it is
    exchange = conversation.send(identify({}))
    assert isinstance(exchange, Exchange)
    conversation.close()
    (sent,) = [value for name, value in exchange.outgoing.fields if name == "Cookie"]
    assert sent == "halftone_account=there; messages=hello; csrftoken=token"
