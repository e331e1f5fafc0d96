"""Bodies that are too large, and bodies whose length is ambiguous."""

from __future__ import annotations

import subprocess
import time

import pytest
import requests

from tests.servers.fixtures import require_server

MEGABYTE = 1_000_000


@pytest.fixture(params=["legacy", "live"])
def side(request, site):
    """Put the limited route on one side after the other."""
    site.move(request.param, "limited")
    yield {"legacy": "legacy", "live": "service"}[request.param]
    site.move("live", "limited")


def test_a_body_within_the_limit_is_taken(site, side):
    answer = site.request("POST", "/limited/echo", data=b"x" * MEGABYTE)
    assert answer.status_code == 200
    assert answer.json() == answer.json() | {"side": side, "length": MEGABYTE}


@pytest.mark.parametrize("size", [MEGABYTE + 1, 300 * MEGABYTE])
def test_a_declared_body_beyond_the_limit_is_refused_and_the_client_sees_it(site, side, upstream, size):
    before = site.memory_kib()
    answer = site.request("POST", "/limited/echo", data=b"x" * size)
    assert answer.status_code == 413
    assert "At most 1 MB are accepted here" in answer.text
    assert upstream.seen == []
    assert site.memory_kib() - before < 8 * 1024


def test_a_chunked_body_beyond_the_limit_is_refused_while_it_streams(site, upstream):
    answer = site.request("POST", "/limited/echo", data=iter([b"x" * 100_000] * 200))
    assert answer.status_code == 413
    assert upstream.seen == []


def test_a_chunked_body_beyond_the_limit_never_reaches_legacy_whole(site):
    """Django reads no chunked body under WSGI, so there legacy just sees an empty one."""
    site.move("legacy", "limited")
    answer = site.request("POST", "/limited/echo", data=iter([b"x" * 100_000] * 200))
    site.move("live", "limited")
    if site.kind == "asgi":
        assert answer.status_code == 413
    else:
        assert answer.json()["length"] == 0


@pytest.mark.parametrize("options", [[], ["-H", "Expect:"], ["-H", "Expect: 100-continue"]])
def test_curl_sees_the_refusal_of_300_megabytes(site, options, tmp_path):
    require_server("curl")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 * MEGABYTE)
    form = ["-F", f"photos=@{large};type=image/jpeg"]
    command = ["curl", "-sS", "-w", "\n%{http_code}", *options, *form, f"{site.url}/limited/echo"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "413"), result.stderr
    assert "At most 1 MB" in result.stdout


def test_the_site_answers_others_after_a_refusal(site):
    session = requests.Session()
    for _ in range(3):
        assert (
            session.post(f"{site.url}/limited/echo", data=b"x" * 2 * MEGABYTE, timeout=20).status_code == 413
        )
        assert session.get(f"{site.url}/safe/echo", timeout=5).status_code == 200


def test_a_client_that_stalls_after_a_refusal_is_let_go(site):
    started = time.monotonic()
    head = b"POST /limited/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nfirst bytes"
    answer = site.send_raw(head, wait_seconds=20)
    assert answer.startswith(b"HTTP/1.1 413")
    assert time.monotonic() - started < 12


AMBIGUOUS = {
    "both": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "signed": b"Content-Length: +3\r\n\r\nabc",
    "word": b"Content-Length: three\r\n\r\nabc",
    "negative": b"Content-Length: -1\r\n\r\nabc",
    "coding": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "hidden": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_ambiguous_bodies_are_refused_and_nothing_is_forwarded(site, upstream, shape):
    request = b"POST /idempotent/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + AMBIGUOUS[shape]
    answer = site.send_raw(request, wait_seconds=2)
    status = answer.split(b" ", 2)[1] if answer else b"closed"
    assert status in {b"400", b"501", b"closed"}, answer
    assert upstream.seen == []


def test_a_smuggled_second_request_is_never_served(site, upstream):
    smuggled = b"GET /safe/smuggled-echo HTTP/1.1\r\nHost: x\r\n\r\n"
    request = (
        b"POST /idempotent/echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\n%s" % (len(smuggled) + 5, smuggled)
    )
    site.send_raw(request, wait_seconds=1)
    assert [seen.target for seen in upstream.seen if "smuggled" in seen.target] == []
