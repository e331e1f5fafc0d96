"""The rendered nginx between a client and two sides that remember what they got."""

from __future__ import annotations

import socket

import pytest

from strangler.core.decision import bucket, threshold
from strangler.gateway import nginx as nginx_text
from tests.integration.gateway.rendering import request, send
from tests.integration.gateway.stage import KEY, REQUESTS, Stage, side_by_topology
from tests.servers.fixtures import require_server
from tests.servers.processes import Nginx


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    require_server("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    stage = Stage(folder, lambda site: Nginx(nginx_text.render(site), port=site.gateway.port))
    with stage.server:
        yield stage
    stage.close()


@pytest.fixture
def stage(running):
    running.forget()
    return running


@pytest.mark.parametrize(("method", "target"), REQUESTS)
def test_nginx_finds_the_route_that_the_topology_finds(stage, method, target):
    assert stage.side_of(method, target) == side_by_topology(stage.site, method, target)


def test_the_side_gets_the_target_as_the_client_sent_it(stage):
    stage.ask("GET", "/page%2F%C3%A9//x?a=%2F&b=%20")
    assert stage.service.last.target == "/page%2F%C3%A9//x?a=%2F&b=%20"


@pytest.mark.parametrize(
    "target", ["/x/../page/y", "/page/./y", "/page/..", "/page/%2e%2E/y", "/page/x%2f..%2fy"]
)
def test_a_path_with_dots_has_no_route(stage, target):
    assert stage.side_of("GET", target) == "legacy"
    assert stage.monolith.last.target == target


def test_a_canary_is_decided_by_the_bucket_and_a_new_client_keeps_its_side(stage):
    end = threshold(stage.site.rollout("images.canary").percent)
    for number in range(60):
        key = f"visitor-{number:04}"
        side = "service" if bucket(key, seam="images.canary") < end else "legacy"
        assert stage.side_of("GET", "/canary/echo", Cookie=f"strangler_id={key}") == side
    for _ in range(20):
        stage.forget()
        (cookie,) = stage.ask("GET", "/canary/echo").header("Set-Cookie")
        key = cookie.partition(";")[0].partition("=")[2]
        side = "service" if bucket(key, seam="images.canary") < end else "legacy"
        assert [bool(stage.service.seen), bool(stage.monolith.seen)] == [side == "service", side == "legacy"]
        assert cookie == f"strangler_id={key}; Max-Age=31536000; Path=/; HttpOnly; SameSite=Lax"


def test_the_monolith_gets_the_key_of_a_new_client(stage):
    answer = stage.ask("GET", "/still/echo", Cookie="theme=dark")
    key = answer.header("Set-Cookie")[0].partition(";")[0]
    assert stage.monolith.last.all("Cookie") == [f"theme=dark; {key}"]


@pytest.mark.parametrize(
    ("cookie", "sent"),
    [
        (f"strangler_id={KEY}", f"strangler_id={KEY}"),
        (f"strangler_id=short; strangler_id={KEY}", f"strangler_id=short; strangler_id={KEY}"),
        (f"xstrangler_id={KEY}", None),
        (f"strangler_id={KEY}; strangler_id=bad!key!!", None),
    ],
)
def test_the_last_cookie_counts_and_only_if_it_is_a_key(stage, cookie, sent):
    answer = stage.ask("GET", "/still/echo", Cookie=cookie)
    assert bool(answer.header("Set-Cookie")) is (sent is None)
    assert stage.monolith.last.one("Cookie") == sent or sent is None


@pytest.mark.parametrize("target", ["/", "/born/echo"])
def test_nothing_is_set_where_nothing_is_decided(stage, target):
    assert stage.ask("GET", target).header("Set-Cookie") == []


def test_a_service_never_sees_the_session_and_is_told_who_asks(stage):
    cookie = f"sessionid=ada; csrftoken=t1; strangler_id={KEY}"
    answer = stage.ask("GET", "/page/echo", Cookie=cookie)
    assert answer.header("Strangler-Side") == ["service"]
    assert answer.header("Vary") == ["Cookie"]
    assert stage.service.last.one("Cookie") == "csrftoken=t1"
    assert stage.service.last.one("Strangler-Principal") == "signed for ada"
    assert stage.service.last.one("Strangler-Decision") == "images.page=service;stage"
    assert answer.header("Strangler-Request-Id") == [stage.service.last.one("Strangler-Request-Id")]


@pytest.mark.parametrize(
    ("word", "vary"),
    [
        ("accept", ["Accept", "Cookie"]),
        ("cookie", ["Accept, cookie"]),
        ("anything", ["*"]),
        ("public", []),
        ("private", ["Cookie"]),
        ("both", ["Accept"]),
    ],
)
def test_an_answer_depends_on_the_session_unless_the_service_says_otherwise(stage, word, vary):
    for cookie in ("sessionid=ada", f"strangler_id={KEY}"):
        assert stage.ask("GET", f"/page/says-{word}", Cookie=cookie).header("Vary") == vary


def test_an_answer_of_legacy_says_nothing_about_the_service(stage):
    for target in ("/page/status-503", "/still/echo", "/"):
        answer = stage.ask("GET", target, Cookie=f"sessionid=ada; strangler_id={KEY}")
        assert "service" not in answer.header("Strangler-Side")
        assert answer.header("Vary") == []


def test_a_service_sees_the_cookies_that_are_its_own_and_a_login_there_is_asked_about_too(stage):
    cookie = f"theme=dark; accountsession=eve; messages=hi; strangler_id={KEY}"
    stage.ask("GET", "/page/echo", Cookie=cookie)
    assert stage.service.last.one("Cookie") == "messages=hi; accountsession=eve"
    assert stage.service.last.one("Strangler-Principal") == "signed for ada"


def test_what_asking_did_to_the_session_reaches_the_client(stage, monkeypatch):
    monkeypatch.setattr(stage.monolith, "renews", True)
    answer = stage.ask("GET", "/page/echo", Cookie=f"sessionid=ada; strangler_id={KEY}")
    assert answer.header("Set-Cookie") == ["sessionid=new; Path=/", "strangler_position=1; Path=/"]
    assert answer.header("Strangler-Position") == []


def test_the_monolith_is_asked_only_about_sessions(stage):
    before = stage.monolith.asked
    stage.ask("GET", "/page/echo", Cookie=f"strangler_id={KEY}; xsessionid=ada")
    assert stage.monolith.asked == before
    assert stage.service.last.one("Strangler-Principal") is None
    stage.ask("GET", "/page/echo", Cookie="sessionid=ada")
    assert stage.monolith.asked == before + 1


def test_who_has_a_session_is_asked_about_in_a_canary_and_with_a_wish_too(stage):
    key = next(each for each in map("visitor-{:04}".format, range(99)) if is_in_canary(stage, each))
    before = stage.monolith.asked
    stage.ask("GET", "/canary/echo", Cookie=f"sessionid=ada; strangler_id={key}")
    assert stage.service.last.one("Strangler-Principal") == "signed for ada"
    stage.ask("GET", "/born/echo", Cookie="sessionid=ada; strangler_override=forged")
    assert stage.service.last.one("Strangler-Principal") == "signed for ada"
    assert stage.monolith.asked == before + 2


def test_every_request_has_an_id_of_its_own(stage):
    ids = set()
    for target, side in [("/page/echo", stage.service), ("/still/echo", stage.monolith)] * 5:
        stage.ask("GET", target, Cookie=f"strangler_id={KEY}")
        ids.add(side.last.one("Strangler-Request-Id"))
    assert len(ids) == 10


def is_in_canary(stage, key) -> bool:
    return bucket(key, seam="images.canary") < threshold(stage.site.rollout("images.canary").percent)


def test_what_only_we_may_say_is_dropped_when_a_client_says_it(stage):
    forged = {
        "Strangler_Principal": "root",
        "Strangler_Decision": "x=service;stage",
        "Strangler_Shadow": "x",
        "Strangler_Sandbox": "x",
        "Strangler_Request_Id": "mine",
        "Strangler_Fallback": "status-500",
        "Strangler_Gateway": "x",
        "Strangler_Audience": "images",
        "X_Forwarded_For": "10.0.0.1",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "evil.example",
        "X_Real_IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "Proxy": "http://evil.example",
    }
    for target, side in (("/page/echo", stage.service), ("/still/echo", stage.monolith)):
        stage.ask("GET", target, Cookie=f"strangler_id={KEY}", **forged)
        for name in ("Principal", "Shadow", "Sandbox", "Fallback", "Gateway", "Audience"):
            assert side.last.all(f"Strangler-{name}") == []
        for name in ("Forwarded", "Proxy"):
            assert side.last.all(name) == []
        assert side.last.one("Strangler-Request-Id") != "mine"
        assert side.last.one("X-Forwarded-For") == "127.0.0.1"
        assert side.last.one("X-Real-IP") == "127.0.0.1"
        assert side.last.one("X-Forwarded-Proto") == "http"
        assert side.last.one("X-Forwarded-Host") == "localhost"


def test_names_with_underscores_are_dropped(stage):
    data = request("GET", "/page/echo").replace(b"\r\n\r\n", b"\r\nStrangler_Principal: root\r\n\r\n")
    send(stage.port, data)
    assert not any("_" in name for name, _ in stage.service.last.headers)


def test_what_a_service_says_about_the_toolkit_is_dropped_too(stage):
    answer = stage.ask("GET", "/page/rich")
    assert answer.header("Strangler-Side") == ["service"]
    assert answer.header("Location") == ["http://localhost/photos/7?x=1"]
    assert answer.header("X-Kept") == ["yes"]


@pytest.mark.parametrize("wish", [{"Strangler_Override": "forged"}, {"Cookie": "strangler_override=forged"}])
def test_an_override_is_for_the_monolith_to_verify(stage, wish):
    assert stage.side_of("GET", "/page/echo", **wish) == "legacy"
    assert stage.monolith.last.one("Strangler-Override") == wish.get("Strangler_Override")
    assert stage.side_of("GET", "/born/echo", **wish) == "service"
    assert stage.service.last.one("Strangler-Override") is None


@pytest.mark.parametrize("word", ["status-500", "status-503", "reset", "close"])
def test_legacy_answers_what_is_safe_when_the_service_fails(stage, word):
    forged = {"Strangler_Fallback": "forged", "Strangler_Gateway": "forged"}
    stage.ask("GET", f"/page/{word}", Cookie=f"sessionid=ada; strangler_id={KEY}", **forged)
    status = word[-3:] if "status" in word else "502"
    assert stage.monolith.last.all("Strangler-Fallback") == [f"status-{status}"], "so it need not ask itself"
    assert stage.monolith.last.target == f"/page/{word}"
    assert stage.monolith.last.one("Cookie") == f"sessionid=ada; strangler_id={KEY}"
    assert stage.monolith.last.one("Strangler-Principal") is None


def test_a_repeatable_request_is_done_by_legacy_with_its_body(stage):
    stage.ask("POST", "/small/status-503", body="x" * 500)
    assert stage.monolith.last.body_length == 500


@pytest.mark.parametrize(
    ("target", "status"), [("/page/status-503", 503), ("/page/reset", 502), ("/born/status-500", 500)]
)
def test_nothing_else_is_done_twice(stage, target, status):
    assert stage.ask("POST", target, body="x").status == status
    assert stage.monolith.seen == []


def test_bodies_have_limits(stage):
    assert stage.ask("POST", "/small/echo", body="x" * 1000).status == 200
    assert stage.ask("POST", "/small/echo", body="x" * 1001).status == 413
    chunks = b"POST /small/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert send(stage.port, chunks + b"400\r\n" + b"x" * 1024 + b"\r\n0\r\n\r\n").status == 413
    assert len(stage.service.seen) == 1


def test_an_upload_reaches_the_service_while_it_comes(stage):
    head = b"POST /page/upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stage.port), timeout=10) as connection:
        connection.sendall(head + b"x" * 1_000_000)
        assert stage.service.upload_began.wait(10)


def test_an_unknown_host_is_refused_in_every_form(stage):
    assert stage.ask("GET", "/page/echo", host="evil.example").status == 400
    assert stage.ask("GET", "http://evil.example/page/echo").status == 400
    assert stage.ask("GET", "http://localhost/page/echo", host="evil.example").status == 200
    assert stage.service.last.one("Host") == "localhost"
    assert stage.service.last.target == "/page/echo"


def test_what_is_between_gateway_and_monolith_is_nobody_elses(stage):
    assert stage.ask("GET", "/_strangler/principal", Cookie="sessionid=ada").status == 404
    assert stage.ask("GET", "/_strangler/x").status == 404
    assert stage.monolith.seen == []


def test_the_running_server_says_its_version_on_the_loopback(stage):
    answer = send(stage.status_port, request("GET", "/version"))
    assert str(stage.site.stamp).encode() in answer.data
