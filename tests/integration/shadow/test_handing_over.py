"""From a process that serves users to the table of captures: what arrives, what is lost, and that nobody waits for it."""

from __future__ import annotations

import logging
import os
import socket
import stat
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from strangler.core.observation import Effects
from strangler.errors import ConfigurationError
from strangler.observing import Loss
from strangler.shadow import captures, losses
from strangler.shadow.folder import find_folder
from strangler.shadow.models import CaptureRecord
from strangler.shadow.receiver import Receiver
from strangler.shadow.sender import ProcessObserver, Sender
from tests.unit.strangler.shadow.samples import draft, request

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(database, settings, tmp_path_factory):
    """A folder of this test's own; that of pytest may have a path too long for a socket."""
    found = tmp_path_factory.getbasetemp().parent / f"s{os.getpid() % 1000}{threading.get_native_id() % 1000}"
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_FOLDER": found, "SHADOW_MAX_PER_SECOND": 1_000}
    return found


@pytest.fixture
def observer(database):
    observer = ProcessObserver()
    yield observer
    observer.stop()


@pytest.fixture
def receiver(database):
    """A worker's ear without a thread: a test takes the steps itself."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def running(receiver):
    """A worker's ear."""
    receiver.start()
    return receiver


def lost(observer, receiver=None):
    """Return what was lost, by cause, when all who count have written it down."""
    observer.flush()
    if receiver is not None:
        receiver.step()
    return losses.totals(since=LONG_AGO).get("images.page", {})


def wait_until(is_true, *, seconds=30):
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_is_offered_is_in_the_table_soon(observer, running):
    one = draft()
    observer.offer(one)
    wait_until(lambda: captures.load(one.capture.id) is not None)
    assert captures.load(one.capture.id).control == one.capture.control
    assert lost(observer) == {}


def test_effects_are_looked_at_by_another_thread(observer, running):
    threads = []

    def look():
        threads.append(threading.current_thread())
        return Effects(refused=("x",))

    one = replace(draft(), effects=look)
    observer.offer(one)
    wait_until(lambda: captures.load(one.capture.id) is not None)
    assert captures.load(one.capture.id).control.effects == Effects(refused=("x",))
    assert threads != [threading.current_thread()]


def test_what_waits_is_handed_over_when_the_process_ends(observer, receiver):
    for _ in range(5):
        observer.offer(replace(draft(), effects=Effects))
    observer.stop()
    receiver.step()
    assert captures.count_pending(limit=10) == 5


def test_what_was_handed_over_is_written_when_the_worker_ends(observer, running):
    for _ in range(5):
        observer.offer(draft())
    running.stop()
    assert captures.count_pending(limit=10) == 5


def test_without_a_worker_captures_are_lost_and_counted_until_one_comes(observer, folder, monkeypatch):
    assert not observer.has_room("images.page")
    observer.offer(draft())
    assert lost(observer) == {"no-worker": 2}
    receiver = Receiver()
    assert not observer.has_room("images.page")  # it looks for one once a second
    observer.sender._looked_at = float("-inf")
    assert observer.has_room("images.page")
    receiver.stop()
    assert not observer.has_room("images.page")
    assert lost(observer) == {"no-worker": 4}


def test_a_process_ends_although_its_database_is_away(observer, database, caplog):
    assert not observer.has_room("images.page")
    with connections[database].cursor() as cursor:
        cursor.execute("DROP TABLE strangler_shadow_captureloss")
    observer.stop()
    assert "can't be written down" in caplog.text


def test_another_worker_takes_over(observer):
    first, second = Receiver(), Receiver()
    assert observer.has_room("images.page")
    for each in (first, second):
        each.step()
    chosen, other = (first, second) if first._senders else (second, first)
    chosen.stop()
    observer.sender._looked_at = float("-inf")
    one = draft()
    observer.offer(one)
    other.step()
    assert captures.load(one.capture.id) is not None
    other.stop()


def test_a_worker_that_was_killed_leaves_a_socket_that_the_next_one_clears_away(folder, receiver):
    dead = Receiver()
    dead._listener.socket.close()
    assert len(list(folder.glob("*.sock"))) == 2
    Receiver().stop()
    assert list(folder.glob("*.sock")) == [receiver._listener.path]


def test_nobody_else_may_look_into_the_folder(receiver, folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_can_hold_no_socket_is_refused(settings, tmp_path):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_FOLDER": tmp_path / ("x" * 120)}
    with pytest.raises(ConfigurationError, match="No socket for captures"):
        Receiver()


def test_sites_with_databases_of_their_own_have_folders_of_their_own(database, settings):
    settings.STRANGLER = {"DATABASE": "default"}
    elsewhere = find_folder()
    settings.STRANGLER = {"DATABASE": database}
    assert find_folder() != elsewhere


def test_a_dead_worker_does_not_fill_the_disk(observer, receiver):
    offered = 0
    for _ in range(25):
        if observer.has_room("images.page"):
            offered += 1
            observer.offer(draft())
        receiver.step()
    assert captures.count_pending(limit=100) == offered == 10
    assert lost(observer, receiver) == {"pending-limit": 15}


def test_room_comes_back_with_a_worker(observer, receiver):
    for _ in range(11):
        observer.offer(draft())
    receiver.step()
    assert not observer.has_room("images.page")
    found = captures.claim(100, lease=timedelta(minutes=1), token="x")
    captures.settle([each.id for each in found], token="x")
    receiver._checked_at = float("-inf")  # a second later
    receiver.step()
    assert observer.has_room("images.page")
    assert captures.count_pending(limit=10) == 1


def test_what_the_worker_has_not_taken_is_bounded_by_number(observer, receiver, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_QUEUE_SIZE": 3}
    for _ in range(5):
        observer.offer(draft())
    assert not observer.has_room("images.page")
    receiver.step()
    assert captures.count_pending(limit=10) == 3
    assert lost(observer, receiver) == {"full": 3}
    assert observer.has_room("images.page")


def test_what_the_worker_has_not_taken_is_bounded_by_bytes(observer, receiver, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_QUEUE_BYTES": 100_000}
    for _ in range(5):
        observer.offer(draft(body=b"x" * 45_000))
    assert observer.sender._link.bytes_waiting < 100_000
    receiver.step()
    assert captures.count_pending(limit=10) == 2
    assert lost(observer, receiver) == {"full": 3}


def test_no_more_are_made_in_a_second_than_may_be(observer, receiver, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_MAX_PER_SECOND": 3}
    assert sum(observer.has_room("images.page") for _ in range(30)) <= 4
    assert observer.has_room("images.upload")  # seldom used, and not crowded out
    assert lost(observer, receiver)["rate"] >= 26


def test_one_bad_capture_costs_no_other(observer, receiver):
    def broken():
        raise RuntimeError("no effects")

    secret = draft(asked=request(target="/?password=x"))
    good = draft()
    for each in (replace(draft(), effects=broken), secret, good):
        observer.offer(each)
    observer.stop()
    receiver.step()
    assert captures.load(good.capture.id) is not None
    assert lost(observer) == {"error": 1, "secret": 1}


def test_a_stranger_on_the_socket_harms_nobody(observer, receiver):
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(receiver._listener.path))
        stranger.sendall(b"hello")
        observer.offer(draft())
        receiver.step()
        receiver.step()
    assert captures.count_pending(limit=10) == 1


def test_the_database_may_be_away(observer, receiver, database, caplog):
    caplog.set_level(logging.WARNING)
    receiver.step()
    observer.offer(draft())
    rows = connections[database]
    with rows.cursor() as cursor:
        cursor.execute("ALTER TABLE strangler_shadow_capturerecord RENAME TO hidden")
    receiver.step()
    observer.offer(draft())
    receiver.step()
    assert len([record for record in caplog.records if "can't be written" in record.message]) == 1
    with rows.cursor() as cursor:
        cursor.execute("ALTER TABLE hidden RENAME TO strangler_shadow_capturerecord")
    back = draft()
    observer.offer(back)
    receiver.step()
    assert captures.load(back.capture.id) is not None
    assert lost(observer, receiver) == {"error": 2}


def test_nobody_waits_while_the_worker_hangs(observer, receiver):
    """One that takes nothing is no worse than none: what is under way is bounded."""
    began = time.monotonic()
    for _ in range(1_000):
        if observer.has_room("images.page"):
            observer.offer(draft(body=b"x" * 1_000))
    assert time.monotonic() - began < 5
    assert len(observer.sender._link) <= 200
    assert lost(observer, receiver).keys() <= {"full", "rate"}


def test_counts_add_up_over_processes(database):
    for _ in range(3):
        counts = losses.Losses()
        counts.add("images.page", Loss.FULL, count=2)
        counts.flush()
        assert not counts
    assert losses.totals(since=LONG_AGO) == {"images.page": {"full": 6}}


def test_a_forked_child_has_a_connection_of_its_own(observer, receiver, database, monkeypatch):
    monkeypatch.setattr(Sender, "_ensure_running", lambda _self: None)
    observer.offer(replace(draft(), effects=Effects))
    os.register_at_fork(after_in_child=observer.forget)
    connections[database].close()  # the child must not close it for both
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert len(observer.sender.queue) == 0
            observer.offer(draft())
            observer.stop()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    receiver.step()
    assert CaptureRecord.objects.using(database).count() == 1
    observer.sender._empty_queue()
    receiver.step()
    assert CaptureRecord.objects.using(database).count() == 2
