"""What crosses the facade, in either direction, over real sockets."""

from __future__ import annotations

import hashlib
import os
import socket
import time

import pytest
import requests

from tests.integration.facade.running import Site
from tests.integration.facade.upstream import Upstream

MEGABYTE = 1_000_000


def test_a_request_reaches_the_service_as_it_was_sent(site, upstream):
    headers = {"Host": "shop.example", "X-Requested-With": "htmx", "Authorization": "Token abc"}
    answer = site.request("GET", "/safe/echo?x=%C3%A4&y=a+b", headers=headers)
    assert answer.json()["target"] == "/safe/echo?x=%C3%A4&y=a+b"
    seen = upstream.last
    assert seen.one("Host") == "shop.example"
    assert seen.one("X-Requested-With") == "htmx"
    assert seen.one("Authorization") == "Token abc"
    assert seen.one("X-Forwarded-For") == "127.0.0.1"
    assert seen.one("X-Forwarded-Proto") == "http"
    assert seen.one("X-Forwarded-Host") == "shop.example"
    assert seen.one("Strangler-Request-Id") == answer.headers["Strangler-Request-Id"]
    assert seen.one("Strangler-Decision") == "images.safe=service;stage"


def test_what_a_client_forges_or_meant_for_one_hop_is_dropped(site, upstream):
    forged = {
        "Strangler-Principal": "forged",
        "Strangler-Decision": "forged",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
        "Proxy": "http://evil.example",
        "Proxy-Authorization": "Basic x",
        "Connection": "keep-alive, X-Mine",
        "X-Mine": "for the next hop only",
        "TE": "trailers",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABkAAQAAP__",
    }
    site.request("GET", "/safe/echo", headers=forged)
    seen = upstream.last
    assert seen.all("Strangler-Principal") == []
    assert seen.one("Strangler-Decision") == "images.safe=service;stage"
    assert seen.one("X-Forwarded-For") == "127.0.0.1"
    assert seen.one("X-Forwarded-Proto") == "http"
    assert seen.one("X-Forwarded-Host") == f"127.0.0.1:{site.port}"
    dropped = {"x-forwarded-prefix", "forwarded", "x-real-ip", "proxy", "proxy-authorization", "x-mine"}
    dropped |= {"te", "upgrade", "http2-settings", "connection"}
    assert dropped & {name.lower() for name, _ in seen.headers} <= {"connection"}
    assert "x-mine" not in (seen.one("Connection") or "").lower()


def test_only_the_csrf_cookie_and_the_service_s_position_are_forwarded(site, upstream):
    cookies = (
        "sessionid=s3cret; csrftoken=abc; theme=dark; strangler_position=ours; strangler_position_images=its"
    )
    site.request("GET", "/safe/echo", headers={"Cookie": cookies})
    assert upstream.last.one("Cookie") == "csrftoken=abc; strangler_position_images=its"


def test_an_answer_comes_back_as_the_service_gave_it(site):
    with requests.get(f"{site.url}/safe/rich", stream=True, allow_redirects=False, timeout=5) as answer:
        assert answer.status_code == 201
        assert answer.raw.read(decode_content=False) == b"\x1f\x8b not really gzip"
        assert answer.raw.headers.getlist("Set-Cookie")[:2] == ["a=1; Path=/", "b=2; Path=/"]
        assert answer.headers["Location"] == f"{site.url}/photos/7?x=1"
        assert answer.headers["Content-Length"] == str(len(b"\x1f\x8b not really gzip"))
        assert answer.headers["X-Kept"] == "yes"
        assert answer.raw.headers.getlist("Strangler-Side") == ["service"]
        assert len(answer.raw.headers.getlist("Date")) == 1
        assert "X-Internal" not in answer.headers
        assert "Keep-Alive" not in answer.headers
        if site.kind == "wsgi":  # ASGI has no reason phrase
            assert answer.reason == "Made Just Now"


def test_head_tells_the_length_and_sends_no_body(site):
    answer = site.request("HEAD", "/safe/echo")
    assert int(answer.headers["Content-Length"]) > 0
    assert answer.content == b""


def test_answers_without_a_body_keep_the_connection_usable(site, upstream):
    session = requests.Session()
    for path, status in [("nothing", 204), ("unchanged", 304), ("echo", 200), ("interim", 200)]:
        answer = session.get(f"{site.url}/safe/{path}", timeout=5)
        assert answer.status_code == status
        assert answer.content == b"" if status in {204, 304} else answer.content
    assert answer.text == "after the hints"


def test_an_answer_that_ends_with_its_connection_is_complete(site):
    assert site.request("GET", "/safe/until-close").text == "old style"


def test_connections_to_the_service_are_kept(site, upstream):
    site.request("GET", "/safe/echo")
    before = upstream.connections
    for _ in range(50):
        assert site.request("GET", "/safe/echo").headers["Strangler-Side"] == "service"
    assert upstream.connections - before <= 1


def test_a_kept_connection_that_the_service_closed_harms_nobody(site, upstream):
    for _ in range(5):
        assert site.request("GET", "/safe/echo").headers["Strangler-Side"] == "service"
        for each in list(upstream._open):
            each.shutdown(socket.SHUT_RDWR)
        answer = site.request("POST", "/once/echo", data=b"x")
        assert (answer.status_code, answer.json()["side"]) == (200, "service")


def test_pieces_of_an_answer_come_when_the_service_sends_them(site):
    started = time.monotonic()
    with requests.get(f"{site.url}/safe/drip", stream=True, timeout=5) as answer:
        arrivals = [time.monotonic() - started for _ in answer.iter_content(chunk_size=2)]
    assert len(arrivals) == 5
    assert arrivals[0] < 0.3
    assert arrivals[-1] - arrivals[0] > 1


def test_the_connection_to_the_service_ends_when_the_client_goes_away(site, upstream):
    with requests.get(f"{site.url}/safe/endless", stream=True, timeout=5) as answer:
        assert len(next(answer.iter_content(chunk_size=1024))) == 1024
    upstream.wait_for_hang_up()


def pieces_of(size):
    """Yield *size* bytes that are not held anywhere."""
    piece = os.urandom(MEGABYTE)
    for _ in range(size // MEGABYTE):
        yield piece


class Measured:
    """A body of 100 MB that a client sends with a length and forgets."""

    def __init__(self, size):
        self.size = size
        self.digest = hashlib.sha256()
        self.pieces = pieces_of(size)

    def __len__(self):
        return self.size

    def read(self, _size=-1):
        piece = next(self.pieces, b"")
        self.digest.update(piece)
        return piece


@pytest.mark.parametrize("route", ["patient", "again"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_upload_is_not_held_in_memory(site, upstream, route, is_chunked):
    site.request("POST", f"/{route}/echo", data=b"warm")
    before = site.memory_kib()
    body = Measured(100 * MEGABYTE)
    answer = site.request("POST", f"/{route}/echo", data=iter(body.read, b"") if is_chunked else body)
    assert answer.json()["length"] == 100 * MEGABYTE
    assert answer.json()["sha256"] == body.digest.hexdigest()
    assert upstream.last.one("Transfer-Encoding") == ("chunked" if is_chunked else None)
    assert site.memory_kib() - before < 8 * 1024


def test_a_large_upload_that_falls_back_is_given_to_legacy_whole(site):
    before = site.memory_kib()
    body = Measured(100 * MEGABYTE)
    answer = site.request("POST", "/again/status-503", data=body)
    assert answer.headers["Strangler-Fallback"] == "status-503"
    assert answer.json()["length"] == 100 * MEGABYTE
    assert answer.json()["sha256"] == body.digest.hexdigest()
    assert site.memory_kib() - before < 8 * 1024


def test_an_upload_that_breaks_half_way_is_given_to_legacy_whole(site, upstream):
    body = Measured(30 * MEGABYTE)
    answer = site.request("POST", "/again/early-reset", data=body)
    assert answer.headers["Strangler-Fallback"] == "reset"
    assert answer.json()["sha256"] == body.digest.hexdigest()


def test_a_large_download_is_not_held_in_memory(site):
    site.request("GET", "/safe/large-1")
    before = site.memory_kib()
    length = 0
    with requests.get(f"{site.url}/safe/large-100", stream=True, timeout=20) as answer:
        for piece in answer.iter_content(chunk_size=65536):
            length += len(piece)
    assert length == 100 * MEGABYTE
    assert site.memory_kib() - before < 8 * 1024


def test_a_service_may_answer_before_it_has_the_whole_body(site):
    answer = site.request("POST", "/once/early", data=Measured(20 * MEGABYTE))
    assert (answer.status_code, answer.text) == (413, "no thank you")


def test_a_slow_client_does_not_use_up_the_time_of_the_service(site):
    def slowly():
        for _ in range(4):
            time.sleep(0.3)
            yield b"x" * 1000

    answer = site.request("POST", "/once/echo", data=slowly())
    assert (answer.status_code, answer.json()["length"]) == (200, 4000)


def test_a_client_that_goes_away_while_sending_sends_nothing_to_legacy(site, upstream):
    with socket.create_connection(("127.0.0.1", site.port)) as client:
        client.sendall(b"POST /once/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        time.sleep(0.2)
    upstream.wait_for_hang_up()
    assert upstream.hung_up == 1
    assert upstream.seen == []
    assert site.request("GET", "/safe/echo").headers["Strangler-Side"] == "service"


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def site_behind_a_proxy(request):
    upstream = Upstream()
    site = Site(request.param, service_url=upstream.url, SITE_BEHIND_PROXY="1").start()
    site.move("live")
    yield site, upstream
    site.stop()
    upstream.close()


def test_what_a_trusted_proxy_says_about_the_client_is_kept(site_behind_a_proxy):
    site, upstream = site_behind_a_proxy
    said = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "shop.example",
    }
    site.request("GET", "/safe/echo", headers=said)
    assert upstream.last.one("X-Forwarded-For").split(", ")[0] == "203.0.113.7"
    assert upstream.last.one("X-Forwarded-Proto") == "https"
    assert upstream.last.one("X-Forwarded-Host") == "shop.example"
