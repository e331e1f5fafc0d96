"""Workers die, messages come many times or are poisonous; every committed message has its effect exactly once."""

from __future__ import annotations

import base64
import json
import os
import signal

import pytest
from django.db import transaction
from redis import Redis

from strangler.outbox import send
from strangler.outbox.models import OutboxMessage
from strangler.service.inbox import Verdict
from strangler.service.models import InboxState
from tests.faults.ledger import copies_of, opened, until


@pytest.fixture
def ledger(mariadb_url, redis_url, django_db_blocker):
    """Return the books of one run on MariaDB and Redis."""
    with django_db_blocker.unblock(), opened(database=mariadb_url, broker=redis_url) as ledger:
        yield ledger


def test_ten_thousand_copies_to_eight_consumers_have_one_effect(ledger, redis_url):
    ledger.send("once")
    ledger.manage("relay", "--once")
    name = f"{ledger.queue}\x06\x163"
    with Redis.from_url(redis_url) as client:
        client.lpush(name, *copies_of(ledger, client.rpop(name), count=10_000))
        verdicts = ledger.compete(consumers=8)
        assert not client.llen(name)
    assert verdicts == {Verdict.DONE: 1, Verdict.REPEATED: 9_999}
    ledger.settle()
    assert ledger.inbox.get().deliveries == 1


def test_workers_killed_in_the_middle_of_a_task_leave_no_trace_and_lose_nothing(ledger):
    ledger.send(*range(12), body={"seconds": 0.4})
    ledger.relay()
    worker = ledger.worker(concurrency=3)
    for _ in range(3):  # processes of the pool: Celery itself gives their messages back
        os.kill(ledger.working()[0], signal.SIGKILL)
    worker.kill()  # all of it: the broker gives the messages back when the visibility timeout is over
    ledger.worker(concurrency=3)
    ledger.settle()


def test_a_task_that_kills_its_worker_is_parked_and_the_others_are_done(ledger):
    ledger.send("poison", task="ledger.poison")
    ledger.send("hopeless", task="ledger.fail")
    ledger.expected.clear()
    ledger.send(*range(10))
    ledger.relay()
    worker = ledger.worker(concurrency=2)
    parked = ledger.inbox.filter(state=InboxState.PARKED)
    until(lambda: parked.count() == 2, process=worker)
    reasons = dict(parked.values_list("type", "reason"))
    assert reasons["ledger.poison"] == "3 deliveries came to nothing: the worker died each time"
    assert reasons["ledger.fail"] == "3 deliveries failed, the last with LookupError: no such account"
    ledger.settle()
    assert "the worker died each time" in ledger.manage("inbox", "status")


def test_what_no_worker_can_read_is_parked_with_the_reason_and_the_queue_moves_on(ledger, redis_url):
    with transaction.atomic(using=ledger.alias):
        send("ledger.unheard_of", {}, to=ledger.queue, using=ledger.alias)
        send("ledger.record", {"n": "future"}, version=3, to=ledger.queue, using=ledger.alias)
    ledger.send("good")
    ledger.manage("relay", "--once")
    name = f"{ledger.queue}\x06\x163"
    with Redis.from_url(redis_url) as client:
        (good,) = copies_of(ledger, client.lindex(name, 0), count=1)
        for number, body in enumerate(
            (b"{not json", b"17", b'["one"]', b"\xff\xfe", b'[[], {"body": {}, "version": "x"}, {}]')
        ):
            client.lpush(name, altered(good, body=body, number=number))
        client.lpush(name, altered(good, headers={"nothing": "known"}, number=9))
        worker = ledger.worker()
        parked = ledger.inbox.filter(state=InboxState.PARKED)
        until(lambda: parked.count() == 8, process=worker)
        ledger.settle()
        assert not client.llen(name)
    reasons = " | ".join(parked.values_list("reason", flat=True))
    for part in (
        "no worker here knows the task 'ledger.unheard_of'",
        "version 3 is newer than this consumer, which knows 1, 2",
        "can't be decoded",
        "its version is 'x'",
        "is not what Celery's protocol says",
        "it names no task",
    ):
        assert part in reasons
    assert parked.get(reason__contains="names no task").body, "what came is kept"
    assert "1 messages replayed" in ledger.manage("inbox", "replay", "--type", "ledger.unheard_of")
    assert OutboxMessage.objects.using(ledger.alias).get().type == "ledger.unheard_of"


def altered(raw, *, number, body=None, headers=None):
    """Return a message in Kombu's format with another body or other headers, and an id of its own."""
    envelope = json.loads(raw)
    if body is not None:
        envelope["body"] = base64.b64encode(body).decode()
    envelope["headers"] = headers or {**envelope["headers"], "id": f"00000000-0000-4000-8000-{number:012}"}
    envelope["properties"]["delivery_tag"] = f"altered-{number}"
    return json.dumps(envelope)
