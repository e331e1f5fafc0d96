"""What a page's calls to services cost it: for staff in a header, for everybody else in the log."""

from __future__ import annotations

import asyncio
import http.client
import logging
import threading
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from strangler.calls import BudgetMiddleware, together
from strangler.calls.counted import ServiceCall, ServiceCalls

STAFF = SimpleNamespace(is_active=True, is_staff=True)
VISITOR = SimpleNamespace(is_active=True, is_staff=False)
DISMISSED = SimpleNamespace(is_active=False, is_staff=True)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(autouse=True)
def port(settings):
    """Run a service, and return its port; nobody else in the test is one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    port = server.server_address[1]
    urls = {"reports": f"http://127.0.0.1:{port}"}
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_URLS": urls, "CALL_BUDGET": timedelta(0)}
    yield port
    server.shutdown()
    server.server_close()


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/photos/")
    connection.getresponse()
    connection.close()


def answer_to(user, view):
    """Return what a user is answered."""
    request = RequestFactory().get("/gallery/")
    request.user = user

    def respond(_request):
        view()
        return HttpResponse("gallery")

    return BudgetMiddleware(respond)(request)


def test_staff_sees_how_many_calls_there_were_and_how_long_they_took(port):
    answer = answer_to(STAFF, lambda: (ask(port), ask(port)))
    header = answer["Strangler-Calls"]
    assert header.startswith("2 calls, ")
    assert header.endswith(" ms; reports 2")
    assert "Cookie" in answer["Vary"]


@pytest.mark.parametrize("user", [VISITOR, DISMISSED])
def test_nobody_else_does(port, user):
    assert "Strangler-Calls" not in answer_to(user, partial(ask, port))


def test_a_page_without_calls_has_no_header_and_does_not_ask_who_it_is():
    assert "Strangler-Calls" not in answer_to(STAFF, lambda: None)
    BudgetMiddleware(lambda _request: HttpResponse())(RequestFactory().get("/"))


def test_calls_that_are_made_together_are_counted(port):
    answer = answer_to(STAFF, lambda: together(*[partial(ask, port)] * 3))
    assert answer["Strangler-Calls"].startswith("3 calls, ")


def test_calls_of_two_pages_are_not_mixed(port):
    barrier = threading.Barrier(2, timeout=30)

    def view():
        barrier.wait()
        ask(port)
        barrier.wait()

    pages = together(*[partial(answer_to, STAFF, view)] * 2)
    assert [page["Strangler-Calls"].split(",")[0] for page in pages] == ["1 call", "1 call"]


def test_an_async_page_is_counted_too(port):
    async def respond(_request):
        await asyncio.to_thread(ask, port)
        return HttpResponse()

    request = RequestFactory().get("/gallery/")
    request.user = STAFF
    answer = asyncio.run(BudgetMiddleware(respond)(request))
    assert answer["Strangler-Calls"].startswith("1 call, ")


def test_a_page_beyond_its_budget_is_logged_with_the_line_that_made_the_call(port, settings, caplog):
    settings.STRANGLER = {**settings.STRANGLER, "CALL_BUDGET": timedelta(microseconds=1)}
    with caplog.at_level(logging.WARNING):
        answer_to(VISITOR, partial(ask, port))
    (record,) = caplog.records
    assert record.getMessage().startswith("GET /gallery/ waited for services longer than its budget")
    assert "test_budget.py:" in record.getMessage()


def test_a_page_within_its_budget_is_not(port, settings, caplog):
    settings.STRANGLER = {**settings.STRANGLER, "CALL_BUDGET": timedelta(minutes=5)}
    answer_to(VISITOR, partial(ask, port))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("spans", "waited"),
    [
        ([], 0),
        ([(0, 3), (3, 3)], 6),  # one after the other
        ([(0, 3), (0, 3), (1, 1)], 3),  # at once
        ([(5, 2), (0, 3), (2, 2)], 6),  # overlapping, and a pause
    ],
)
def test_a_page_waits_while_at_least_one_call_is_under_way(spans, waited):
    calls = [
        ServiceCall(service="reports", what="", took=timedelta(seconds=took), place="", began=began)
        for began, took in spans
    ]
    assert ServiceCalls(calls=calls).waited == timedelta(seconds=waited)
