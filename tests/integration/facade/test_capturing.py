"""What is captured of requests that a side answers, on WSGI and on ASGI alike; and what is not."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import struct
import time

import pytest
import requests

from strangler.core.decision import Side
from tests.integration.facade.running import Site
from tests.integration.shadow.receiving import receiving

SHADOWED = ("safe", "idempotent", "once", "limited", "plain", "stream", "fail", "file", "deaf", "logout")
BODY = b"the body of the request, " * 100


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def shared_site(request, shared_upstream):
    site = Site(request.param, service_url=shared_upstream.url).start()
    site.move("shadow", *SHADOWED, percent="100")
    site.move("live", "compared")
    with receiving(site.environment):
        yield site
    site.stop()


@pytest.fixture
def site(shared_site):
    """The site with everything shadowed, and nothing captured yet."""
    time.sleep(0.6)  # what an earlier test caused is written within this time
    shared_site.captures(0)
    shared_site.losses()
    return shared_site


def only(site):
    """Return the one capture that was made."""
    (capture,) = site.captures()
    return capture


def test_legacy_answers_and_what_it_did_is_captured(site):
    answer = site.request("GET", "/safe/x?b=2&a=1", headers={"Accept": "text/html", "HX-Request": "true"})
    capture = only(site)
    assert answer.headers["Strangler-Side"] == "legacy"
    assert capture.id.hex == answer.headers["Strangler-Request-Id"]
    assert (capture.seam, capture.asked.method, capture.asked.target) == (
        "images.safe",
        "GET",
        "/safe/x?b=2&a=1",
    )
    headers = {name.lower(): value for name, value in capture.asked.headers}
    assert (headers["accept"], headers["hx-request"], headers["host"]) == (
        "text/html",
        "true",
        f"127.0.0.1:{site.port}",
    )
    control = capture.control
    assert (control.side, control.status, control.body) == (Side.LEGACY, 200, answer.content)
    assert 0 < control.duration.total_seconds() < 20
    names = {name.lower() for name, _ in control.headers}
    assert "content-type" in names
    assert not {name for name in names if name.startswith("strangler-") or name == "set-cookie"}
    assert capture.shape == "images.safe GET 200 a,b"


def test_the_body_of_a_form_is_captured_with_the_names_of_its_fields(site):
    answer = site.request("POST", "/once/x", data={"title": "Röck", "size": "3"})
    capture = only(site)
    assert capture.asked.body == b"title=R%C3%B6ck&size=3"
    assert capture.asked.fields == ("size", "title")
    assert answer.json()["length"] == len(capture.asked.body)


def test_an_upload_is_captured_as_it_came(site):
    photo = bytes(range(256)) * 2_000
    answer = site.request(
        "POST", "/once/x", data={"title": "x"}, files={"photo": ("a.jpg", photo, "image/jpeg")}
    )
    capture = only(site)
    assert capture.asked.fields == ("photo", "title")
    assert hashlib.sha256(capture.asked.body).hexdigest() == answer.json()["sha256"]


def test_who_was_logged_in_is_found_out_and_the_session_is_not_stored(site):
    session = requests.Session()
    session.get(f"{site.url}/_login", timeout=5)
    cookie = session.cookies["sessionid"]
    secret = {"Authorization": "Basic c2VjcmV0", "Referer": "http://shop.test/a/?token=secret"}
    session.get(f"{site.url}/safe/x", headers=secret, cookies={"language": "de"}, timeout=5)
    capture = only(site)
    assert capture.asked.principal["username"] == "ada"
    text = json.dumps(capture.to_json())
    assert cookie not in text
    assert "secret" not in text
    assert "c2VjcmV0" not in text
    assert ("Cookie", "language=de") in capture.asked.headers
    assert ("Referer", "http://shop.test/a/") in [(n.title(), v) for n, v in capture.asked.headers]


def test_nobody_is_nobody(site):
    site.request("GET", "/safe/x")
    assert only(site).asked.principal is None


def test_a_session_that_the_answer_ends_has_no_value_in_the_capture(site):
    session = requests.Session()
    session.get(f"{site.url}/_login", timeout=5)
    session.get(f"{site.url}/_logout", timeout=5)
    capture = only(site)
    (cookie,) = [value for name, value in capture.control.headers if name.lower() == "set-cookie"]
    assert cookie.strip().startswith("sessionid=")
    assert session.cookies.get("sessionid") is None


@pytest.mark.parametrize("seam", ["plain", "stream", "file"])
def test_every_kind_of_answer_is_captured_as_the_client_got_it(site, seam):
    answer = site.request("GET", f"/{seam}/")
    assert only(site).control.body == answer.content
    assert answer.content


def test_a_file_is_sent_whole_and_captured(site):
    answer = site.request("GET", "/file/")
    capture = only(site)
    assert answer.content == capture.control.body == b"0123456789" * 10_000
    assert ("content-length", "100000") in [(name.lower(), value) for name, value in capture.control.headers]


@pytest.mark.parametrize("seam", ["plain", "file"])
def test_head_has_no_body(site, seam):
    answer = site.request("HEAD", f"/{seam}/")
    capture = only(site)
    assert (answer.status_code, capture.asked.method, capture.control.body) == (200, "HEAD", b"")


def test_an_error_of_legacy_is_an_answer(site):
    assert site.request("GET", "/fail/").status_code == 500
    assert only(site).control.status == 500


def test_a_chunked_body_is_captured(site):
    site.request("POST", "/once/x", data=iter([b"one, ", b"two"]))
    # Django reads no body of unknown length on WSGI, and so nobody knows what it was.
    if site.kind == "wsgi":
        assert site.losses(1) == {"images.once": {"incomplete": 1}}
    else:
        assert only(site).asked.body == b"one, two"


def test_a_body_that_nobody_read_is_not_captured(site):
    site.request("POST", "/deaf/", data=BODY)
    if site.kind == "wsgi":
        assert site.losses(1) == {"images.deaf": {"incomplete": 1}}
    else:  # Django's ASGI handler reads every body
        assert only(site).asked.body == BODY
    assert site.captures(0) == []


@pytest.mark.parametrize("field", ["password1", "card_number", "token"])
def test_a_request_with_a_secret_is_not_captured(site, field):
    site.request("POST", "/once/x", data={"name": "ada", field: "hunter2"})
    site.request("POST", "/once/x", json={"user": [{field: "hunter2"}]})
    assert site.losses(2) == {"images.once": {"secret": 2}}
    assert site.captures(0) == []


def test_the_csrf_token_is_no_secret(site):
    site.request("POST", "/once/x", data={"csrfmiddlewaretoken": "abc", "title": "x"})
    assert only(site).asked.fields == ("csrfmiddlewaretoken", "title")


def test_a_large_upload_is_not_captured_and_not_held_in_memory(site):
    before = site.memory_kib()
    answer = site.request("POST", "/once/x", data=io.BytesIO(b"x" * 60_000_000))
    assert answer.json()["length"] == 60_000_000
    assert site.memory_kib() - before < 30_000
    assert site.losses(1) == {"images.once": {"too-large": 1}}


def test_a_client_that_goes_away_leaves_no_half_request(site):
    head = b"POST /once/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as client:
        client.sendall(head + b"half")
        time.sleep(0.2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    site.request("GET", "/safe/after")
    (capture,) = site.captures()
    assert capture.seam == "images.safe"


def test_a_seam_that_is_not_shadowed_is_not_captured(site):
    site.move("legacy", "plain")
    try:
        site.request("GET", "/plain/")
        site.request("GET", "/nowhere/at/all/")
        site.request("GET", "/safe/marker")
        assert [capture.seam for capture in site.captures()] == ["images.safe"]
        assert site.losses() == {}
    finally:
        site.move("shadow", "plain", percent="100")


def test_at_percent_zero_nothing_is_captured(site):
    site.move("shadow", "plain", percent="0")
    try:
        for _ in range(20):
            site.request("GET", "/plain/")
        site.request("GET", "/safe/marker")
        assert [capture.seam for capture in site.captures()] == ["images.safe"]
    finally:
        site.move("shadow", "plain", percent="100")


def test_where_the_service_is_live_its_answer_is_the_control(site, upstream):
    answer = site.request("POST", "/compared/echo", data={"a": "1"})
    capture = only(site)
    assert answer.headers["Strangler-Side"] == "service"
    control = capture.control
    assert (control.side, control.status, control.body) == (Side.SERVICE, 200, answer.content)
    assert (control.effects, capture.asked.body, capture.asked.fields) == (None, b"a=1", ("a",))
    assert upstream.last.body_length == 3


def test_a_streamed_answer_of_the_service_is_captured_whole(site, upstream):
    answer = site.request("GET", "/compared/large-1")
    assert only(site).control.body == answer.content
    assert len(answer.content) == 1_000_000


def test_an_answer_beyond_the_bound_streams_on_and_is_not_captured(site, upstream):
    answer = site.request("GET", "/compared/large-20")
    assert len(answer.content) == 20_000_000
    assert site.losses(1) == {"images.compared": {"too-large": 1}}


@pytest.mark.parametrize("behaviour", ["status-503", "hang", "reset"])
def test_a_fallback_is_no_control(site, upstream, behaviour):
    answer = site.request("GET", f"/compared/{behaviour}")
    assert answer.headers["Strangler-Side"] == "legacy"
    site.request("GET", "/safe/marker")
    assert [capture.seam for capture in site.captures()] == ["images.safe"]


def test_an_answer_that_is_cut_is_not_captured(site, upstream):
    with pytest.raises(requests.RequestException):
        _ = site.request("GET", "/compared/cut-chunk").content
    assert site.losses(1) == {"images.compared": {"incomplete": 1}}
