"""Calls to services are counted, whoever makes them, and named with the line that made them."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from wsgiref.util import setup_testing_defaults

import httpx
import pytest
import requests
import urllib3
from django.core.wsgi import get_wsgi_application

from strangler.facade.wsgi import Facade
from strangler.testing.counting import assert_service_calls as counting


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/slow/":
            time.sleep(0.2)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def by_requests(url):
    with requests.Session() as session:
        session.get(url)


def by_urllib3(url):
    with urllib3.PoolManager() as pool:
        pool.request("GET", url)


def by_urllib(url):
    with urllib.request.urlopen(url) as answer:
        answer.read()


def by_httpx(url):
    with httpx.Client(trust_env=False) as client:
        client.get(url)


def by_async_httpx(url):
    async def ask():
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(url)

    asyncio.run(ask())


def by_thread(url):
    thread = threading.Thread(target=by_requests, args=(url,))
    thread.start()
    thread.join()


@pytest.mark.parametrize("ask", [by_requests, by_urllib3, by_urllib, by_thread, by_httpx, by_async_httpx])
def test_a_call_is_counted_once_and_named_with_the_line_that_made_it(url, ask):
    with (
        pytest.raises(AssertionError, match="1 calls to services, at most 0 may be made") as caught,
        counting(max=0, urls={"desk": url}),
    ):
        ask(f"{url}/price/?count=2")
    _, line = str(caught.value).splitlines()
    assert "desk: GET " in line
    assert "/price/?count=2" in line
    assert "test_counting.py:" in line
    assert " in ask" in line or f" in {'by_requests' if ask is by_thread else ask.__name__}" in line


def test_a_budget_of_calls_that_is_kept_is_no_failure(url):
    with counting(max=2, within=60, urls={"desk": url}) as counted:
        by_requests(url)
        by_urllib3(url)
    assert counted.count == 2
    assert timedelta(0) < counted.took < timedelta(seconds=60)


def test_calls_that_take_too_long_together_are_a_failure(url):
    with (
        pytest.raises(AssertionError, match=r"took \d+ ms, 200 ms is the budget"),
        counting(within=timedelta(milliseconds=200), urls={"desk": url}),
    ):
        by_requests(f"{url}/slow/")


def test_calls_to_others_and_after_the_block_do_not_count(url):
    with counting(max=0, urls={"desk": "http://desk.example:8000"}) as counted:
        by_requests(url)
    by_requests(url)
    assert counted.count == 0


@pytest.fixture
def images_at(url, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_URLS": {"images": url}}


def test_services_are_known_by_the_settings(images_at, url, assert_service_calls):
    with assert_service_calls(max=1) as counted:
        by_requests(url)
    assert [call.service for call in counted.calls] == ["images"]


@pytest.mark.django_db
def test_what_the_facade_forwards_is_counted(images_at, assert_service_calls):
    environ = {"PATH_INFO": "/images/uploads/"}
    setup_testing_defaults(environ)
    with assert_service_calls(max=1) as counted:
        body = b"".join(Facade(get_wsgi_application())(environ, lambda *_: None))
    assert body == b"ok"
    assert [(call.service, call.place) for call in counted.calls] == [("images", "the facade")]
