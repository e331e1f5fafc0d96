"""The service is killed or frozen while visitors use it: none of them may notice more than a wait."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter

import pytest
import requests

from strangler.forking import popen
from tests.integration.facade.running import ROOT, Site
from tests.servers.processes import free_port

BODY = b"a photo, or so " * 20_000
VISITORS = 6


class Service:
    """A real gunicorn that tests may kill, freeze and start again on its port."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        workers = [
            "--worker-class",
            "gthread",
            "--threads",
            "16",
            "--no-control-socket",
            "--log-level",
            "error",
        ]
        module = "tests.integration.facade.site.service"
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", *workers, module]
        self.process = popen(command, cwd=ROOT, start_new_session=True)
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError("the service did not start")

    def send(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def service():
    service = Service()
    yield service
    service.kill()


@pytest.fixture(params=["wsgi", "asgi"])
def site(request, service):
    site = Site(request.param, service_url=service.url, SITE_BREAKER_FAILURES="5").start()
    site.move("live")
    yield site
    site.stop()


class Load:
    """Visitors who never stop; *seen* counts what they got, *failed* keeps what nobody should get."""

    def __init__(self, site):
        self.site = site
        self.seen = Counter()
        self.failed = []
        self.slowest = 0.0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(n,)) for n in range(VISITORS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, number):
        with requests.Session() as session:
            while not self._stop.is_set():
                if number % 2:
                    self._ask(session, "POST", "/idempotent/x", BODY)
                else:
                    self._ask(session, "GET", "/safe/x", None)

    def _ask(self, session, method, path, body):
        started = time.monotonic()
        try:
            answer = session.request(method, self.site.url + path, data=body, timeout=20)
        except requests.RequestException as error:
            self.failed.append(repr(error))
            return
        self.slowest = max(self.slowest, time.monotonic() - started)
        if answer.status_code != 200 or answer.json()["length"] != len(body or b""):
            self.failed.append((answer.status_code, answer.text[:200]))
        self.seen[answer.headers["Strangler-Side"], answer.headers.get("Strangler-Fallback")] += 1


def wait_for(condition, *, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def test_nobody_sees_that_the_service_was_killed_and_came_back(site, service):
    with Load(site) as load:
        wait_for(lambda: load.seen["service", None] > 50)
        for _ in range(2):
            service.kill()
            before = load.seen.total()
            wait_for(lambda before=before: load.seen.total() > before + 50)
            assert any(fallback for (_, fallback), count in load.seen.items() if count)
            service.start()
            before = load.seen["service", None]
            wait_for(lambda before=before: load.seen["service", None] > before + 20)
    assert load.failed == []


def test_a_frozen_service_costs_the_deadline_and_then_nothing(site, service):
    with Load(site) as load:
        wait_for(lambda: load.seen["service", None] > 50)
        service.send(signal.SIGSTOP)
        wait_for(lambda: load.seen["legacy", "breaker"] > 20)
        timed_out = load.seen["legacy", "timeout"]
        assert timed_out <= 5 + 2 * VISITORS  # those under way, and a probe now and then
        durations = []
        for _ in range(20):
            answer = site.request("GET", "/safe/x")
            if answer.headers.get("Strangler-Fallback") == "breaker":
                durations.append(answer.elapsed.total_seconds())
        assert durations
        assert sorted(durations)[len(durations) // 2] < 0.25
        service.send(signal.SIGCONT)
        before = load.seen["service", None]
        wait_for(lambda: load.seen["service", None] > before + 20)
    assert load.failed == []
    assert load.slowest < 5
