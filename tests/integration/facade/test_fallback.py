"""Every row of the table in strangler.facade.policy, on WSGI and on ASGI alike."""

from __future__ import annotations

import pytest
import requests

from tests.integration.facade.running import Site
from tests.integration.facade.upstream import Upstream
from tests.servers.processes import free_port

BODY = b"the body of the request, " * 100

LEGACY = "legacy"
PASSED = "passed"

# what the service does, method, route, who answers, status, reason of the fallback
ROWS = [
    ("status-500", "GET", "safe", LEGACY, 200, "status-500"),
    ("status-503", "GET", "safe", LEGACY, 200, "status-503"),
    ("hang", "GET", "safe", LEGACY, 200, "timeout"),
    ("headdrip", "GET", "safe", LEGACY, 200, "timeout"),
    ("reset", "GET", "safe", LEGACY, 200, "reset"),
    ("close", "GET", "safe", LEGACY, 200, "reset"),
    ("garbage", "GET", "safe", LEGACY, 200, "protocol"),
    ("cut-small", "GET", "safe", LEGACY, 200, "reset"),
    ("cut-head", "GET", "safe", LEGACY, 200, "reset"),
    ("status-404", "GET", "safe", PASSED, 404, None),
    ("status-429", "GET", "safe", PASSED, 429, None),
    ("status-503", "POST", "idempotent", LEGACY, 200, "status-503"),
    ("hang", "POST", "idempotent", LEGACY, 200, "timeout"),
    ("reset", "POST", "idempotent", LEGACY, 200, "reset"),
    ("status-422", "POST", "idempotent", PASSED, 422, None),
    ("status-503", "POST", "once", PASSED, 503, None),
    ("status-500", "POST", "once", PASSED, 500, None),
    ("hang", "POST", "once", None, 504, None),
    ("reset", "POST", "once", None, 502, None),
    ("close", "POST", "once", None, 502, None),
    ("cut-head", "POST", "once", None, 502, None),
    ("garbage", "POST", "once", None, 502, None),
    ("status-403", "POST", "once", PASSED, 403, None),
    ("status-500", "GET", "born", PASSED, 500, None),
    ("hang", "GET", "born", None, 504, None),
    ("reset", "POST", "born", None, 502, None),
]


@pytest.mark.parametrize(("behaviour", "method", "route", "who", "status", "reason"), ROWS)
def test_a_failing_service_ends_as_the_table_says(site, behaviour, method, route, who, status, reason):
    body = BODY if method == "POST" else None
    answer = site.request(method, f"/{route}/{behaviour}", data=body)
    assert answer.status_code == status
    assert answer.headers.get("Strangler-Fallback") == reason
    if who is LEGACY:
        assert answer.headers["Strangler-Side"] == "legacy"
        assert answer.json()["side"] == "legacy"
        assert answer.json()["length"] == len(body or b"")
    elif who is PASSED:
        assert answer.headers["Strangler-Side"] == "service"
        assert answer.text == f"service says {status}"
    else:
        assert answer.headers["Strangler-Request-Id"] in answer.text
        assert ("may or may not have been done" in answer.text) == (method == "POST")


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def lonely_site(request):
    """A site whose service is not there at all."""
    site = Site(request.param, service_url=f"http://127.0.0.1:{free_port()}").start()
    site.move("live")
    yield site
    site.stop()


@pytest.mark.parametrize(("method", "route"), [("GET", "safe"), ("POST", "idempotent"), ("POST", "once")])
def test_whatever_was_not_sent_is_done_by_legacy(lonely_site, method, route):
    answer = lonely_site.request(method, f"/{route}/x", data=BODY if method == "POST" else None)
    assert answer.status_code == 200
    assert answer.headers["Strangler-Fallback"] == "connect"
    assert answer.json()["length"] == (len(BODY) if method == "POST" else 0)
    assert answer.json()["decision"] == f"images.{route}=legacy;fallback"


def test_a_route_without_legacy_says_that_it_is_down(lonely_site):
    answer = lonely_site.request("GET", "/born/x")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Nothing was done" in answer.text


def test_browsers_get_a_page_when_the_service_is_down(lonely_site):
    answer = lonely_site.request("GET", "/born/x", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>" in answer.text


def test_head_gets_the_same_refusal_without_a_body(lonely_site):
    answer = lonely_site.request("HEAD", "/born/x")
    assert answer.status_code == 503
    assert answer.content == b""


def test_a_chunked_body_reaches_legacy_with_a_length(lonely_site):
    answer = lonely_site.request("POST", "/idempotent/x", data=iter([b"abc", b"def"]))
    assert answer.json()["length"] == 6


def test_each_fallback_is_counted_on_the_service(lonely_site):
    before = lonely_site.tallies("safe").get("service fallback", 0)
    for _ in range(3):
        lonely_site.request("GET", "/safe/x")
    assert lonely_site.tallies("safe")["service fallback"] == before + 3


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def touchy_site(request):
    """A site whose breaker opens after three failures and rests for a second."""
    upstream = Upstream()
    site = Site(request.param, service_url=upstream.url, SITE_BREAKER_FAILURES="3").start()
    site.move("live")
    yield site, upstream
    site.stop()
    upstream.close()


def test_an_open_breaker_answers_at_once_and_closes_when_the_service_is_back(touchy_site):
    site, upstream = touchy_site
    for _ in range(3):
        assert site.request("GET", "/safe/hang").headers["Strangler-Fallback"] == "timeout"
    asked = len(upstream.seen)
    answers = [site.request("GET", "/safe/echo") for _ in range(10)]
    assert {answer.headers["Strangler-Fallback"] for answer in answers} == {"breaker"}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 0.2
    assert site.request("POST", "/once/echo", data=b"x").headers["Strangler-Fallback"] == "breaker"
    assert len(upstream.seen) == asked
    assert site.request("GET", "/born/echo").status_code == 503
    wait_until_served(site)


def wait_until_served(site):
    import time  # noqa: PLC0415

    for _ in range(40):
        if site.request("GET", "/safe/echo").headers["Strangler-Side"] == "service":
            return
        time.sleep(0.1)
    raise AssertionError("the breaker never closed")


def test_a_500_of_one_page_does_not_open_the_breaker(touchy_site):
    site, _ = touchy_site
    wait_until_served(site)
    for _ in range(5):
        site.request("GET", "/safe/status-500")
    assert site.request("GET", "/safe/echo").headers["Strangler-Side"] == "service"


def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(site):
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = site.request("GET", "/safe/cut-short").content
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = site.request("GET", "/safe/cut-chunk").content


def test_a_silent_body_is_given_up_after_the_idle_time(site, upstream):
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = site.request("GET", "/safe/stall").content
    upstream.wait_for_hang_up()
    assert upstream.hung_up == 1
