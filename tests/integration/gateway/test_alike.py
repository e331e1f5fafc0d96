"""The facade and the rendered nginx answer alike to what is malformed or meant to deceive, and let nothing through."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import requests

from strangler.gateway import nginx as nginx_text
from tests.integration.facade.running import TOPOLOGY, Site
from tests.integration.facade.upstream import Upstream
from tests.integration.gateway.rendering import Answer, make_site, request, send
from tests.servers.fixtures import require_server
from tests.servers.processes import Nginx, free_port

KEY = "strangler_id=a-visitor-key-1"
HOST = b"Host: localhost\r\n"
SMUGGLED = b"GET /safe/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Doors:
    """Two ways to the same two sides: past nginx, and straight to the facade."""

    service: Upstream
    facade: int
    nginx: int

    def both(self, data: bytes) -> tuple[Answer, Answer]:
        """Send the same bytes both ways."""
        return send(self.facade, data, wait_seconds=1), send(self.nginx, data, wait_seconds=1)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    require_server("nginx")
    service = Upstream()
    site = Site("wsgi", service_url=service.url, SITE_BEHIND_PROXY="1").start()
    site.move("live", "safe", "once")
    port = free_port()
    rendered = make_site(
        TOPOLOGY,
        tmp_path_factory.mktemp("alike"),
        stages={"images.safe": "live", "images.once": "live"},
        port=port,
        status_port=free_port(),
        servers={"monolith": site.port, "images": service.port},
    )
    with Nginx(nginx_text.render(rendered), port=port):
        yield Doors(service, site.port, port)
    site.stop()
    service.close()


@pytest.fixture
def doors(running):
    running.service.forget()
    return running


def side(answer: Answer) -> str:
    """Return who answered: `service`, `legacy`, or `refused` for a status of 400 and more."""
    if answer.status >= 400 or answer.status == 0:
        return "refused"
    return re.search(rb'"side": "(\w+)"', answer.data)[1].decode()


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nG",
        b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        b"Content-Length: 3, 5\r\n\r\nabcde",
        b"Content-Length: +3\r\n\r\nabc",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0x3\r\n\r\nabc",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_says_its_length_in_two_ways_is_refused_by_both(doors, data):
    facade, nginx = doors.both(b"POST /once/echo HTTP/1.1\r\n" + HOST + data + SMUGGLED)
    assert (side(facade), side(nginx)) == ("refused", "refused")
    assert [seen.target for seen in doors.service.seen if "smuggled" in seen.target] == []


def test_a_folded_header_smuggles_nothing(doors):
    """nginx drops the line, gunicorn refuses the request."""
    folded = (
        b"GET /safe/echo HTTP/1.1\r\n"
        + HOST
        + b"X-A: b\r\n Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    doors.both(folded)
    for seen in doors.service.seen:
        assert seen.all("Transfer-Encoding") == []
        assert not any("chunked" in value for _, value in seen.headers)


@pytest.mark.parametrize(
    "target",
    [
        "/safe/echo",
        "/safe/../once/echo",
        "/x/../safe/echo",
        "/safe/%2e%2e/safe/echo",
        "/safe%2fecho",
        "/safe/x%2Fecho",
        "//safe/echo",
        "/safe//echo",
        "/safe/./echo",
        "/safe/%2e/echo",
        "/SAFE/echo",
        "/safe",
        "/safe;x/echo",
        "/safe/echo?next=/once/",
        "/%73afe/echo",
        "/safe/%252e%252e/echo",
        "/safe/%C3%A9/echo",
        "/safe/%FF/echo",
        "/safe/+/echo",
        "/safe/%0d%0aX:y/echo",
        "http://localhost/safe/echo",
    ],
)
def test_a_path_leads_to_one_side_whichever_way_it_goes(doors, target):
    facade, nginx = doors.both(request("GET", target, Cookie=KEY))
    assert side(facade) == side(nginx)


@pytest.mark.parametrize("target", ["/../safe/echo", "/safe/%00/echo", "*", "safe/echo"])
def test_a_target_that_is_no_path_of_the_site_reaches_no_service(doors, target):
    doors.both(request("GET", target, Cookie=KEY))
    assert doors.service.seen == []


@pytest.mark.parametrize("lines", ["", "Host: a.example\r\nHost: localhost\r\n"])
def test_a_request_without_one_host_is_refused_by_nginx(doors, lines):
    data = f"GET /safe/echo HTTP/1.1\r\n{lines}\r\n".encode()
    assert send(doors.nginx, data, wait_seconds=1).status == 400
    assert doors.service.seen == []


def test_a_client_can_not_take_our_headers_away_hop_by_hop(doors):
    options = b"Strangler-Decision, Cookie, X-Forwarded-For, Host, Content-Length"
    data = request("POST", "/once/echo", body="abc", Cookie=f"csrftoken=t; {KEY}")
    doors.both(data.replace(b"Connection: close", b"Connection: close, " + options))
    for seen in doors.service.seen:
        assert seen.one("Strangler-Decision") == "images.once=service;stage"
        assert seen.one("Host") == "localhost"
        assert seen.one("Cookie") == "csrftoken=t"
        assert seen.one("X-Forwarded-For") == "127.0.0.1"
        assert seen.body_length == 3
    assert len(doors.service.seen) == 2


@pytest.mark.parametrize(
    "cookie",
    [
        "strangler_id=short",
        "strangler_id=a-visitor-key-1; strangler_id=another-key-22",
        "strangler_id=%2e%2e%2e%2e%2e%2e",
        "strangler_id=" + "x" * 65,
        "strangler_id =a-visitor-key-1",
        'strangler_id="a-visitor-key-1"',
        "strangler_id=a-visitor-key-1 ",
        "theme=dark;strangler_id=a-visitor-key-1",
    ],
)
def test_both_read_the_same_key_from_a_cookie(doors, cookie):
    facade, nginx = doors.both(request("GET", "/safe/echo", Cookie=cookie))
    assert bool(facade.header("Set-Cookie")) == bool(nginx.header("Set-Cookie"))


def test_a_forged_principal_or_override_changes_nothing_either_way(doors):
    forged = {"Strangler_Principal": "eyJpZCI6IjEifQ", "Strangler_Override": "legacy", "Cookie": KEY}
    facade, nginx = doors.both(request("GET", "/safe/echo", **forged))
    assert (side(facade), side(nginx)) == ("service", "service")
    assert [seen.all("Strangler-Principal") for seen in doors.service.seen] == [[], []]
    assert [seen.all("Strangler-Override") for seen in doors.service.seen] == [[], []]


def test_a_signed_override_counts_through_nginx(doors):
    parameters = {"seam": "images.safe", "side": "legacy"}
    token = requests.get(f"http://127.0.0.1:{doors.facade}/_override", params=parameters, timeout=5).text
    for answer in doors.both(request("GET", "/safe/echo", Cookie=KEY, Strangler_Override=token)):
        assert side(answer) == "legacy"
