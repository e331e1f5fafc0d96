"""Captures on every kind of database: stored once, claimed by one, kept for nobody."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections

from strangler.shadow import captures
from strangler.shadow.models import CaptureRecord, CaptureState
from tests.unit.strangler.shadow.samples import NOW, call, capture, request

pytestmark = pytest.mark.usefixtures("database")
LEASE = timedelta(minutes=1)


def claim(limit=100, *, token="one", lease=LEASE):
    return captures.claim(limit, lease=lease, token=token)


def test_what_is_claimed_is_what_was_stored_oldest_first():
    binary = request(method="POST", body=bytes(range(256)), fields=("a",), principal={"id": "7"})
    stored = [capture(asked=binary, minutes=2), capture(asked=call(), minutes=1), capture(body=b"")]
    captures.store(stored)
    assert claim() == stored[::-1]
    assert claim() == []


def test_storing_twice_stores_once():
    one = capture()
    captures.store([one])
    captures.store([one, capture(minutes=1)])
    assert len(claim()) == 2


def test_every_capture_has_one_worker(database):
    captures.store([capture(minutes=n) for n in range(60)])
    claimed: Counter[str] = Counter()

    def work(token: str) -> None:
        try:
            while found := claim(7, token=token):
                claimed.update(str(each.id) for each in found)
        finally:
            connections[database].close()

    workers = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    left = claim()  # a worker may find all that is free locked by others, and go
    assert len(claimed) + len(left) == 60
    assert set(claimed.values()) == {1}


def test_what_is_settled_is_gone_and_what_is_given_back_is_free():
    done, later = capture(), capture(minutes=1)
    captures.store([done, later])
    claim()
    assert captures.settle([done.id], token="one") == 1
    assert captures.give_back([later.id], token="one") == 1
    assert captures.load(done.id) is None
    assert claim(token="two") == [later]
    assert CaptureRecord.objects.using(captures.config().database).get().attempts == 1


def test_another_may_claim_what_a_dead_worker_held_and_then_it_is_not_the_first_ones():
    one = capture()
    captures.store([one])
    claim(token="dead", lease=timedelta(0))
    assert claim(token="heir") == [one]
    assert captures.settle([one.id], token="dead") == 0
    assert captures.give_back([one.id], token="dead") == 0
    assert captures.bury([one.id], token="dead", reason="x") == 0
    assert captures.settle([one.id], token="heir") == 1


def test_what_kills_every_worker_is_dead_after_three():
    captures.store([capture()])
    assert [len(claim(lease=timedelta(0))) for _ in range(4)] == [1, 1, 1, 0]
    record = CaptureRecord.objects.using(captures.config().database).get()
    assert (record.state, record.attempts) == (CaptureState.DEAD, 3)
    assert "no worker" in record.reason
    assert captures.load(record.pk) is not None


def test_the_dead_do_not_count_as_waiting_and_only_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(captures, "MAX_DEAD", 2)
    stored = [capture(minutes=n) for n in range(4)]
    captures.store([*stored, capture(minutes=9)])
    claim(4)
    assert captures.bury([each.id for each in stored], token="one", reason="why" * 1_000) == 4
    assert captures.count_pending(limit=10) == 1
    assert [captures.load(each.id) is not None for each in stored] == [False, False, True, True]


def test_counting_stops_at_its_limit():
    captures.store([capture() for _ in range(5)])
    assert captures.count_pending(limit=3) == 3
    assert captures.count_pending(limit=9) == 5


def test_what_is_older_than_the_retention_is_deleted():
    captures.store([capture(minutes=-61), capture(minutes=-59)])
    assert captures.prune(older_than=timedelta(hours=1), now=NOW) == 1
    assert captures.count_pending(limit=9) == 1
