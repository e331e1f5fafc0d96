"""A request that met the fence of a move is done again, or by the service, or not at all; on WSGI and on ASGI."""

from __future__ import annotations

import pytest

from tests.integration.facade.running import Site


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def following_site(kind, shared_upstream):
    """A site whose router knows the service's database."""
    site = Site(kind, service_url=shared_upstream.url, SITE_FOLLOWS_OWNERS="yes").start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def lone_site(kind, shared_upstream):
    """A site that can reach the new owner only by its routes."""
    site = Site(kind, service_url=shared_upstream.url).start()
    yield site
    site.stop()


def fenced(site, path, body):
    site.request("GET", "/_fence").raise_for_status()
    return site.request("POST", path, data=body)


@pytest.mark.parametrize("path", ["/gone/", "/gone/rolled-back/", "/once/gone/"])
def test_a_request_that_committed_nothing_is_done_again_with_its_whole_body(following_site, path):
    body = "w" * 200_000 + following_site.kind + path
    answer = fenced(following_site, path, body)
    assert answer.status_code == 200, following_site.log
    assert answer.json() == {"side": "legacy", "words": [body], "count": 1}


def test_a_request_that_committed_something_is_not_done_again(following_site):
    answer = fenced(following_site, "/gone/committed/", "x")
    assert answer.status_code == 500


def test_a_request_with_a_route_goes_to_the_service_with_its_whole_body(lone_site, shared_upstream):
    shared_upstream.forget()
    body = b"w" * 200_000
    answer = fenced(lone_site, "/once/gone/echo", body)
    assert answer.status_code == 200, lone_site.log
    assert answer.headers["Strangler-Side"] == "service"
    (seen,) = shared_upstream.seen
    assert (seen.method, seen.body_length) == ("POST", len(body))
    assert seen.one("Strangler-Decision") == "images.once=service;moved"


def test_a_request_without_a_way_to_the_new_owner_is_asked_to_come_again(lone_site):
    answer = fenced(lone_site, "/gone/", "x")
    assert answer.status_code == 503, lone_site.log
    assert answer.headers["Retry-After"] == "1"


def test_a_request_with_a_route_whose_service_is_away_is_asked_to_come_again(lone_site):
    answer = fenced(lone_site, "/idempotent/gone/status-500", "x")
    assert answer.status_code == 503, lone_site.log


@pytest.fixture
def live_site(kind, shared_upstream):
    """A site whose seams are live, with a service that lost its tables."""
    site = Site(kind, service_url=shared_upstream.url).start()
    site.move("live")
    yield site
    site.stop()


def test_what_the_service_did_not_do_since_its_tables_went_back_is_done_by_legacy_with_its_whole_body(
    live_site,
):
    body = b"w" * 200_000
    answer = live_site.request("POST", "/once/moved", data=body)
    assert (answer.status_code, answer.headers["Strangler-Side"]) == (503, "service")  # nothing may move here
    live_site.request("GET", "/_fence").raise_for_status()
    for _ in range(6):  # no breaker opens by that
        answer = live_site.request("POST", "/once/moved", data=body)
        assert answer.status_code == 200, live_site.log
        assert answer.headers["Strangler-Fallback"] == "moved"
        assert answer.json()["length"] == len(body)
    assert live_site.request("POST", "/once/status-503", data=body).status_code == 503
    assert live_site.request("GET", "/born/moved").status_code == 503
