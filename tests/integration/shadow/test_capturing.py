"""The writer of a process: what it writes, what it loses, and that nobody waits for it."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from strangler.observing import Loss
from strangler.shadow import captures, losses
from strangler.shadow.capturing import ProcessObserver, Writer
from strangler.shadow.models import CaptureRecord
from tests.unit.strangler.shadow.samples import draft, request

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def observer(database):
    observer = ProcessObserver()
    yield observer
    observer.stop()


@pytest.fixture
def still(database, monkeypatch):
    """Return an observer without a thread: a test takes the steps itself."""
    monkeypatch.setattr(Writer, "ensure_running", lambda _self: None)
    return ProcessObserver()


def lost():
    return losses.totals(since=LONG_AGO).get("images.page", {})


def wait_until(is_true, *, seconds=30):
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_is_offered_is_in_the_table_soon(observer):
    one = draft()
    observer.offer(one)
    wait_until(lambda: captures.load(one.capture.id) is not None)
    assert captures.load(one.capture.id).control == one.capture.control


def test_what_waits_is_written_when_the_process_ends(observer):
    drafts = [draft() for _ in range(5)]
    for each in drafts:
        observer.offer(each)
    observer.stop()
    assert captures.count_pending(limit=10) == 5


def test_a_dead_worker_does_not_fill_the_disk(still):
    for _ in range(25):
        if still.has_room("images.page"):
            still.offer(draft())
    still.writer.step()
    assert captures.count_pending(limit=100) == 10
    assert not still.has_room("images.page")
    still.writer.step()
    assert lost() == {"pending-limit": 16}


def test_room_comes_back_with_a_worker(still):
    for _ in range(11):
        still.offer(draft())
    still.writer.step()
    assert not still.has_room("images.page")
    found = captures.claim(100, lease=timedelta(minutes=1), token="x")
    captures.settle([each.id for each in found], token="x")
    still.writer._checked_at = float("-inf")  # a second later
    still.writer.step()
    assert still.has_room("images.page")


def test_a_full_queue_loses_and_counts(still, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_QUEUE_SIZE": 3}
    for _ in range(5):
        still.offer(draft())
    assert not still.has_room("images.page")
    still.writer.step()
    assert captures.count_pending(limit=10) == 3
    assert lost() == {"full": 3}
    assert still.has_room("images.page")


def test_one_bad_capture_costs_no_other(still):
    def broken():
        raise RuntimeError("no effects")

    secret = draft(asked=request(target="/?password=x"))
    good = draft()
    for each in (replace(draft(), effects=broken), secret, good):
        still.offer(each)
    still.writer.step()
    assert captures.load(good.capture.id) is not None
    assert lost() == {"error": 1, "secret": 1}


def test_the_database_may_be_away(still, database, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    still.offer(draft())
    rows = connections[database]
    with rows.cursor() as cursor:
        cursor.execute("ALTER TABLE strangler_shadow_capturerecord RENAME TO hidden")
    still.writer._checked_at = time.monotonic()  # only the writing itself fails
    still.writer.step()
    still.offer(draft())
    still.writer.step()
    assert len([record for record in caplog.records if "can't be written" in record.message]) <= 2
    with rows.cursor() as cursor:
        cursor.execute("ALTER TABLE hidden RENAME TO strangler_shadow_capturerecord")
    back = draft()
    still.offer(back)
    still.writer.step()
    assert captures.load(back.capture.id) is not None
    assert lost() == {"error": 2}


def test_nobody_waits_while_the_database_hangs(observer, monkeypatch):
    """A store that never returns holds the thread, and those who offer go on: with a bounded queue."""
    release = threading.Event()
    monkeypatch.setattr(captures, "store", lambda _batch: release.wait(60))
    observer.offer(draft())
    wait_until(lambda: len(observer.writer.queue) == 0)
    began = time.monotonic()
    for _ in range(1_000):
        if observer.has_room("images.page"):
            observer.offer(draft(body=b"x" * 1_000))
    assert time.monotonic() - began < 5
    assert len(observer.writer.queue) == 200
    release.set()


def test_counts_add_up_over_processes(database):
    for _ in range(3):
        counts = losses.Losses()
        counts.add("images.page", Loss.FULL, count=2)
        counts.flush()
        assert not counts
    assert lost() == {"full": 6}


def test_a_forked_child_has_a_writer_of_its_own(observer, database):
    observer.writer.queue.put(draft())
    os.register_at_fork(after_in_child=observer.forget)
    connections[database].close()  # the child must not close it for both
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert len(observer.writer.queue) == 0
            observer.offer(draft())
            observer.stop()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert CaptureRecord.objects.using(database).count() == 1
    observer.writer.ensure_running()
    observer.stop()
    assert CaptureRecord.objects.using(database).count() == 2
