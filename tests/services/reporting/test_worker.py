"""Real workers on a real broker: one is killed in the middle of a run, and the next one goes on."""

import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from extracted.reporting.celery import app
from extracted.reporting.models import Customer, Run, State
from extracted.reporting.running import cancel
from extracted.reporting.running.requeueing import requeue
from extracted.reporting.writing import store
from strangler.forking import popen
from tests.services.reporting.conftest import change, file_of

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
LINES = 400_000
MANY_LINES = f"""
WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < {LINES + 999})
INSERT INTO reporting_orderitemfact (id, changed_at, description, quantity, unit_price, order_id, product_id)
SELECT i, '2026-06-01', 'Canvas ' || i, 1, 9.99, 1, 1 FROM n
"""


@contextmanager
def worker(url):
    """Run a worker of all queues, with two processes, on the tests' database and folder."""
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "extracted.reporting.settings",
        "REPORTING_DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "REPORTING_FOLDER": str(store().root),
        "REPORTING_LEASE_SECONDS": "2",
        "BROKER_URL": url,
    }
    queues = ["-Q", "reporting,reporting.runs", "-c", "2", "--without-mingle", "--without-gossip"]
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "extracted.reporting", "worker", *queues]
    process = popen([*command, "--loglevel", "WARNING"], cwd=ROOT, env=environ, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


def wait_for(condition, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return value


def seen(run):
    run.refresh_from_db()
    return run


def test_a_worker_that_is_killed_in_the_middle_costs_no_row_and_doubles_none(wish, shop, queue, valkey_url):
    with connection.cursor() as cursor:
        cursor.execute(MANY_LINES)
    run = wish()
    with worker(valkey_url) as first:
        wait_for(lambda: seen(run).checkpoint and run.rows > LINES * 0.3)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(10)
    seen(run)
    assert (run.state, run.file, list(store().names())) == (State.RUNNING, "", [])
    assert 0 < run.checkpoint["writer"]["rows"] < LINES
    with worker(valkey_url):
        wait_for(lambda: requeue() or seen(run).slices > 1)  # as beat does, once the lease has ended
        wait_for(lambda: seen(run).is_finished)
        # The same workers hear of the shop's changes.
        app.send_task("reporting.changed", kwargs={"body": change("customer", (77, "zoe", "", "2026-01-01"))})
        wait_for(lambda: Customer.objects.filter(pk=77).exists())
        # A run that somebody cancels while it is made is gone; how soon is for a quieter test.
        second = wish(as_="xlsx")
        wait_for(lambda: seen(second).rows)
        cancel(second.pk)
        wait_for(lambda: seen(second).is_finished)
        assert (second.state, second.file) == (State.CANCELLED, "")
    assert (run.state, run.slices) == (State.READY, 2)
    ids = [int(line.split(b",", 1)[0]) for line in file_of(run).read_bytes().splitlines()[1:]]
    assert ids == [1, 2, 3, *range(1000, 1000 + LINES)]
    assert Run.objects.count() == 2
