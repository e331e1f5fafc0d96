"""Tables change hands there and back while work waits in outboxes and queues of both sides: each job is done once, by the owner."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from tests.integration.calls.running import Site
from tests.servers.signals import sigcont, sigstop

SEAMS = ("reports.take", "reports.file")
TABLE = "CREATE TABLE stock (id INTEGER PRIMARY KEY AUTOINCREMENT, job VARCHAR(50) NOT NULL)"


@pytest.fixture
def site(request, redis_url):
    broker = redis_url if request.param == "redis" else request.getfixturevalue("rabbitmq_url")
    with Site(broker=broker, results=redis_url.replace("/0", "/1")) as running:
        for side in ("shop", "reports"):
            ask(running, side, TABLE)
        running.run_in_service("migrate", "-v0")
        running.start("strangler", "move", "reports", "start")
        running.wait_until(lambda: stage(running) == "following")
        yield running


def ask(site: Site, side: str, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(site.state / f"{side}.sqlite3", timeout=20)) as database, database:
        return database.execute(sql).fetchall()


def stage(site: Site) -> str:
    return dict(ask(site, "shop", "SELECT service, stage FROM strangler_move_moverecord")).get("reports", "")


def jobs(site: Site, owner: str) -> Counter[str]:
    """Return how often each job is in the owner's table."""
    return Counter(job for (job,) in ask(site, owner, "SELECT job FROM stock"))


def switch(site: Site) -> None:
    site.run("strangler", "move", "reports", "verify")
    site.run(
        "strangler", "move", "reports", "switch", "--budget-ms", "5000", *(f"--live={seam}" for seam in SEAMS)
    )


def reverse(site: Site) -> None:
    site.run(
        "strangler",
        "move",
        "reports",
        "reverse",
        "--budget-ms",
        "5000",
        *(f"--legacy={seam}" for seam in SEAMS),
    )


def take(site: Site, *names: str) -> Counter[str]:
    """Publish tasks, each where its seam says."""
    site.send(f"group(take.s(job) for job in {names!r})")
    return Counter(names)


def file(site: Site, *names: str) -> Counter[str]:
    """Call the function that is a seam."""
    site.shell(f"for job in {names!r}: file(job)")
    return Counter(names)


def message(name: str, queue: str) -> str:
    body = {"args": [name], "kwargs": {}}
    return f"outbox.send('reports.file', {body!r}, to={queue!r})"


def relay(site: Site) -> None:
    site.run("strangler", "relay", "--once")


def outbox(site: Site, side: str) -> list[tuple]:
    return ask(site, side, "SELECT queue FROM strangler_outbox_outboxmessage")


@pytest.mark.long  # `tests/faults/test_move_jobs.py` has the same under writers
@pytest.mark.parametrize("site", ["redis", "rabbitmq"], indirect=True)
@pytest.mark.timeout(240)
def test_what_waits_while_tables_change_hands_is_done_once_by_the_new_owner(site):
    workers = [site.work(side) for side in ("legacy", "service")]
    site.wait_until(lambda: all("ready" in site.log(side) for side in ("legacy", "service")))
    for worker in workers:
        sigstop(worker.pid)
    expected = take(site, "task-1", "task-2")
    site.shell(message("row-1", site.shop_queue))
    switch(site)
    relay(site)
    for worker in workers:
        sigcont(worker.pid)
    assert site.wait_for(Counter({"take task-1": 1, "take task-2": 1, "file row-1": 1}), seconds=60)
    expected["row-1"] = 1
    assert jobs(site, "reports") == expected, site.log("legacy") + site.log("service")
    assert site.sides() == {"service": 3}

    for worker in workers:
        sigstop(worker.pid)
    expected += take(site, "task-3", "task-4") + file(site, "queued-1", "queued-2")
    relay(site)
    expected += file(site, "row-2", "row-3")
    site.shell_in_service(message("row-4", site.service_queue))
    expected["row-4"] = 1
    reverse(site)
    relay(site)
    site.run_in_service("strangler", "relay", "--once")
    assert outbox(site, "shop") == outbox(site, "reports") == []
    for worker in workers:
        sigcont(worker.pid)
    site.wait_until(lambda: site.sides()["legacy"] >= 7)
    assert jobs(site, "shop") == expected, site.log("legacy") + site.log("service")
    assert site.sides() == {"service": 3, "legacy": 7}
