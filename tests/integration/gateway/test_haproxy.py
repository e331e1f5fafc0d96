"""The rendered HAProxy between a client and two sides that remember what they got."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from strangler.core.decision import bucket, threshold
from strangler.gateway import apply
from strangler.gateway import haproxy as haproxy_text
from strangler.gateway.installations import find
from tests.integration.gateway.rendering import request, send
from tests.integration.gateway.stage import KEY, REQUESTS, Stage, side_by_topology
from tests.servers.fixtures import require_server
from tests.servers.haproxy import HAProxy


def run(site) -> HAProxy:
    files = haproxy_text.render(site)
    named = {"haproxy.cfg": files[haproxy_text.CONFIGURATION], "strangler.lua": files[haproxy_text.SCRIPT]}
    return HAProxy(named, port=site.gateway.port)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    require_server("haproxy")
    stage = Stage(tmp_path_factory.mktemp("haproxy"), run)
    with stage.server:
        yield stage
    stage.close()


@pytest.fixture
def stage(running):
    running.forget()
    return running


@pytest.mark.parametrize(("method", "target"), REQUESTS)
def test_haproxy_finds_the_route_that_the_topology_finds(stage, method, target):
    assert stage.side_of(method, target) == side_by_topology(stage.site, method, target)


@pytest.mark.parametrize("target", ["/x/../page/y", "/page/./y", "/page/..", "/page/%2e%2E/y"])
def test_a_path_with_dots_has_no_route(stage, target):
    assert stage.side_of("GET", target) == "legacy"


def test_a_canary_is_decided_by_the_bucket_and_a_new_client_keeps_its_side(stage):
    end = threshold(stage.site.rollout("images.canary").percent)
    for number in range(60):
        key = f"visitor-{number:04}"
        side = "service" if bucket(key, seam="images.canary") < end else "legacy"
        assert stage.side_of("GET", "/canary/echo", Cookie=f"strangler_id={key}") == side
    (cookie,) = stage.ask("GET", "/canary/echo").header("Set-Cookie")
    key = cookie.partition(";")[0].partition("=")[2]
    side = "service" if bucket(key, seam="images.canary") < end else "legacy"
    assert stage.side_of("GET", "/canary/echo", Cookie=f"strangler_id={key}") == side
    assert cookie.endswith("; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax")


def test_the_monolith_gets_the_key_of_a_new_client(stage):
    answer = stage.ask("GET", "/still/echo", Cookie="theme=dark")
    key = answer.header("Set-Cookie")[0].partition(";")[0]
    assert stage.monolith.last.all("Cookie") == [f"theme=dark; {key}"]


@pytest.mark.parametrize(
    ("cookie", "is_new"),
    [
        (f"strangler_id={KEY}", False),
        (f"strangler_id=short; strangler_id={KEY}", False),
        (f"xstrangler_id={KEY}", True),
        (f"strangler_id={KEY}; strangler_id=bad!key!!", True),
    ],
)
def test_the_last_cookie_counts_and_only_if_it_is_a_key(stage, cookie, is_new):
    assert bool(stage.ask("GET", "/still/echo", Cookie=cookie).header("Set-Cookie")) is is_new


def test_whoever_has_a_session_or_a_wish_goes_through_the_monolith(stage):
    assert stage.side_of("GET", "/page/echo", Cookie=f"sessionid=ada; strangler_id={KEY}") == "legacy"
    assert stage.monolith.last.one("Cookie") == f"sessionid=ada; strangler_id={KEY}"
    assert stage.side_of("GET", "/page/echo", Strangler_Override="forged") == "legacy"
    assert stage.monolith.last.one("Strangler-Override") == "forged"
    assert stage.side_of("GET", "/page/echo", Cookie="strangler_override=forged") == "legacy"


def test_a_service_sees_the_cookies_that_are_its_own(stage):
    stage.ask("GET", "/page/echo", Cookie=f"messages=hi; theme=dark; csrftoken=t; strangler_id={KEY}")
    assert stage.service.last.one("Cookie") == "messages=hi; csrftoken=t"
    assert stage.side_of("GET", "/page/echo", Cookie="accountsession=eve") == "legacy"


def test_a_service_gets_only_what_is_its_business(stage):
    answer = stage.ask("GET", "/page/rich", Cookie=f"csrftoken=t; theme=dark; strangler_id={KEY}")
    assert answer.header("Strangler-Side") == ["service"]
    assert stage.service.last.one("Cookie") == "csrftoken=t"
    assert stage.service.last.one("Strangler-Decision") == "images.page=service;stage"
    assert answer.header("Strangler-Request-Id") == [stage.service.last.one("Strangler-Request-Id")]


def test_what_only_we_may_say_is_dropped_when_a_client_says_it(stage):
    forged = {
        "Strangler_Principal": "root",
        "Strangler_Shadow": "x",
        "Strangler_Anything": "x",
        "X_Forwarded_For": "10.0.0.1",
        "X_Forwarded_Proto": "https",
        "X_Real_IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "Proxy": "http://evil.example",
    }
    for target, side in (("/page/echo", stage.service), ("/still/echo", stage.monolith)):
        stage.ask("GET", target, Cookie=f"strangler_id={KEY}", **forged)
        names = {name.lower() for name, _ in side.last.headers}
        assert names.isdisjoint(
            {"strangler-principal", "strangler-shadow", "strangler-anything", "forwarded"}
        )
        assert "proxy" not in names
        assert side.last.one("X-Forwarded-For") == "127.0.0.1"
        assert side.last.one("X-Real-IP") == "127.0.0.1"
        assert side.last.one("X-Forwarded-Proto") == "http"


def test_what_is_wrong_or_too_large_is_refused(stage):
    assert stage.ask("GET", "/page/echo", host="evil.example").status == 400
    assert stage.ask("POST", "/small/echo", body="x" * 1001).status == 413
    assert stage.ask("POST", "/small/echo", body="x" * 1000).status == 200
    twice = (
        b"POST /page/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"
    )
    assert send(stage.port, twice, wait_seconds=1).status == 400
    assert len(stage.service.seen) == 1


def test_the_running_server_says_its_version_on_the_loopback(stage):
    assert str(stage.site.stamp).encode() in send(stage.status_port + 1, request("GET", "/version")).data


def test_a_running_haproxy_takes_what_is_applied(stage):
    installation = find(
        "haproxy", stage.site, folder=str(stage.server.folder), reload=f"kill -USR2 {stage.server.pid}"
    )
    later = replace(stage.site, snapshot=replace(stage.site.snapshot, revision=9))
    applied = apply(later, installation, timeout=timedelta(seconds=20))
    assert (applied.before, applied.now.revision) == (stage.site.stamp, 9)
    assert stage.side_of("GET", "/page/echo") == "service"


def test_legacy_does_what_both_can_do_once_the_service_is_dead(tmp_path):
    require_server("haproxy")
    stage = Stage(tmp_path, run)
    with stage.server:
        assert stage.side_of("GET", "/page/echo") == "service"
        stage.service.close()
        for _ in range(300):
            if stage.side_of("GET", "/page/echo") == "legacy":
                break
            time.sleep(0.1)
        assert stage.side_of("GET", "/page/echo") == "legacy"
        assert stage.ask("GET", "/born/echo").status == 503
    stage.close()
