"""From a user's request to a finding: the site captures, a worker in a process of its own asks the service and compares."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from strangler.shadow.sender import LOOK_FOR_WORKERS_EVERY
from strangler.testing import Commands
from tests.integration.facade.running import Site
from tests.integration.strangler.sandbox_server import SandboxServer

KEY = "a signing key of the tests, 32 or more"


@pytest.fixture
def service(settings):
    """The candidate, in whose sandbox everything is done."""
    settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": [KEY]}
    made = SandboxServer("images")
    yield made
    made.close()


@pytest.fixture
def site(service):
    made = Site("wsgi", service_url=service.url).start()
    made.environment["MONOLITH_URL"] = made.url
    made.move("shadow", "safe", "once", percent="100")
    with Commands(made.environment) as made.commands:
        yield made
    made.stop()


class WorkerProcess:
    """`strangler shadow` of the site."""

    def __init__(self, site):
        self.process = site.commands.start(
            "strangler", "shadow", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert "Shadow worker" in self.process.stdout.readline()

    def end(self, number=signal.SIGTERM):
        """Send a signal, and return what it said last and its exit status."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        said, _ = self.process.communicate(timeout=60)
        return said, self.process.returncode


@pytest.fixture
def start_worker(site):
    started = []

    def start():
        started.append(WorkerProcess(site))
        time.sleep(LOOK_FOR_WORKERS_EVERY.total_seconds())  # by then the site looks for it again
        return started[-1]

    yield start
    for each in started:
        each.end(signal.SIGKILL)


def strangler(site, *arguments):
    return site.commands.run("strangler", *arguments).stdout


def wait_for(site, seam, count):
    """Return what `compare` says of a seam as soon as *count* captures were compared."""
    found = {}
    for _ in range(60):
        found = json.loads(strangler(site, "compare", "--format", "json")).get(seam, {})
        if found.get("compared", 0) >= count:
            return found
        time.sleep(0.2)
    raise AssertionError(found)


def query(site, statement):
    with sqlite3.connect(site.state / "site.sqlite3", timeout=20) as connection:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_write_that_a_user_made_is_compared_and_a_regression_is_named(site, service, start_worker):
    recorded = site.request("POST", "/once/x", data=b"hello").json()  # of no worker, and lost
    service.body = lambda _: {**recorded, "side": "quite another"}
    worker = start_worker()
    site.request("POST", "/once/x", data=b"hello")
    found = wait_for(site, "images.once", 1)
    assert (found["compared"], found["matched"]) == (1, 0)
    assert any("side" in each["place"] for each in found["causes"])
    assert "images.once" in strangler(site, "compare")
    said, status = worker.end()
    assert (status, "1 compared, 0 of them match" in said) == (0, True)
    assert found["lost"] == {"no-worker": 1}


def test_captures_of_a_worker_that_was_killed_are_compared_once_by_the_next(site, service, start_worker):
    service.replay = "hang"
    doomed = start_worker()
    for _ in range(6):
        site.request("POST", "/once/x", data=b"hello")
    wait_until(lambda: len(service.asked) >= 2)
    wait_until(lambda: query(site, "SELECT count(*) FROM strangler_shadow_capturerecord") == [(6,)])
    doomed.end(signal.SIGKILL)
    assert query(site, "SELECT count(*) FROM strangler_shadow_comparisonrecord") == [(0,)]
    service.released.set()
    service.replay = "sign"
    query(
        site, "UPDATE strangler_shadow_capturerecord SET claimed_until = captured_at WHERE state = 'claimed'"
    )
    start_worker()
    assert wait_for(site, "images.once", 6)["compared"] == 6
    assert query(site, "SELECT count(*) FROM strangler_shadow_capturerecord") == [(0,)]


def test_a_worker_that_is_asked_to_end_while_a_side_hangs_ends_soon_and_gives_back(
    site, service, start_worker
):
    service.replay = "hang"
    worker = start_worker()
    site.request("GET", "/safe/x")
    wait_until(lambda: service.asked)
    _, status = worker.end()
    assert status == 0
    assert query(site, "SELECT state, attempts FROM strangler_shadow_capturerecord") == [("pending", 0)]


def test_a_user_does_not_notice_that_the_candidate_hangs(site, service, start_worker):
    service.replay = "hang"
    start_worker()
    for _ in range(20):
        assert site.request("GET", "/safe/x").headers["Strangler-Side"] == "legacy"
    wait_until(lambda: service.asked)
