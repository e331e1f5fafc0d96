"""Brokers and relays die, freeze and come back; every committed message has its effect exactly once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connections, transaction
from redis import Redis

from strangler.outbox import send
from strangler.outbox.models import OutboxMessage, ParkedMessage
from tests.faults.ledger import opened, until
from tests.servers import processes
from tests.servers.fixtures import alive, require_server

LEASE = 2  # seconds, in the settings of the ledger service


@pytest.fixture(params=["redis", "rabbitmq"])
def broker(request):
    """Return each broker in turn."""
    return alive(request.getfixturevalue(request.param))


@pytest.fixture
def ledger(mariadb_url, broker, django_db_blocker):
    """Return the books of one run on MariaDB."""
    with django_db_blocker.unblock(), opened(database=mariadb_url, broker=broker.url) as ledger:
        yield ledger


@pytest.fixture
def redis_ledger(mariadb_url, redis_url, django_db_blocker):
    """Return the books of one run on MariaDB and Redis, for what does not depend on the broker."""
    with django_db_blocker.unblock(), opened(database=mariadb_url, broker=redis_url) as ledger:
        yield ledger


def queued(ledger, redis):
    with Redis.from_url(redis.url) as client:
        return client.llen(f"{ledger.queue}\x06\x163")


def test_a_broker_that_refuses_connections_costs_nothing_but_time(mariadb_url, django_db_blocker):
    require_server("redis")
    broker = processes.Redis()
    with django_db_blocker.unblock(), opened(database=mariadb_url, broker=broker.url) as ledger:
        relay = ledger.relay()
        ledger.send(*range(100))
        until(lambda: ledger.relays.exclude(trouble="").exists(), process=relay)
        assert "refused" in ledger.relays.get().trouble
        with broker:
            ledger.consume()
            assert relay.is_running
            until(lambda: ledger.relays.get().trouble == "")


def test_a_frozen_broker_holds_up_no_sender_and_loses_nothing(ledger, broker):
    ledger.worker()
    relay = ledger.relay()
    ledger.send("before")
    ledger.settle()
    broker.freeze()
    try:
        began = time.monotonic()
        for number in range(20):
            ledger.send(number)
        assert time.monotonic() - began < 2, "a sender must not notice"
        until(lambda: ledger.relays.exclude(trouble="").exists(), process=relay)
        time.sleep(3)  # several attempts, each of which times out
    finally:
        broker.thaw()
    ledger.settle()
    assert not ParkedMessage.objects.using(ledger.alias).exists()


def test_a_killed_broker_that_comes_back_empty_gets_what_it_had_confirmed_by_replay(ledger, broker, request):
    relay = ledger.relay()
    ledger.send(*range(50))
    until(lambda: not ledger.waiting, process=relay)
    if broker.name == "redis":
        broker.kill()
        broker.restart()  # it keeps nothing on disk: wiped after confirm
    else:
        broker.control("delete_queue", ledger.queue)
    assert not ledger.effects
    assert "50 messages sent again" in ledger.manage("outbox", "replay", "--since", "1h")
    ledger.send("after")
    until(lambda: not ledger.waiting, process=relay)  # there is a queue again
    ledger.consume()


def test_a_relay_killed_between_publish_and_delete_repeats_its_batch_and_nothing_happens_twice(
    redis_ledger, redis
):
    ledger = redis_ledger
    ledger.send(*range(30))
    with transaction.atomic(using=ledger.alias):
        # Whoever deletes a row waits for us; reading and publishing go on.
        list(OutboxMessage.objects.using(ledger.alias).select_for_update())
        first = ledger.relay()
        until(lambda: queued(ledger, redis) == 30, process=first)
        first.kill()
    assert ledger.waiting == 30
    killed_at = time.monotonic()
    ledger.relay()
    until(lambda: queued(ledger, redis) == 60)
    assert time.monotonic() - killed_at < LEASE + 8
    ledger.consume()


def test_a_relay_stopped_beyond_its_lease_deletes_nothing_that_another_has_taken(redis_ledger, redis):
    ledger = redis_ledger
    first = ledger.relay()
    ledger.send("warm")  # it is connected now
    until(lambda: queued(ledger, redis) == 1)
    redis.freeze()
    ledger.send(*range(30))
    time.sleep(0.4)  # the batch is on its way, and the answer is not
    first.freeze()
    redis.thaw()
    until(lambda: queued(ledger, redis) == 31)
    second = ledger.relay()
    until(lambda: not ledger.waiting, process=second)  # taken over, published again and deleted
    second.freeze()
    ledger.send(*range(30, 60))
    first.thaw()
    until(lambda: "sent again" in first.output() or "failed" in first.output() or ledger.relays.count() == 2)
    assert ledger.waiting == 30, "the first relay must not touch what belongs to the second"
    second.thaw()
    ledger.consume()
    assert first.is_running
    assert second.is_running


def test_a_relay_stopped_in_the_middle_of_a_transaction_does_not_keep_its_lanes(redis_ledger):
    ledger = redis_ledger
    first = ledger.relay()
    for number in range(40):
        ledger.send(number)
    first.freeze()  # wherever it is
    ledger.send("late")
    second = ledger.relay()
    until(lambda: not ledger.waiting, seconds=20, process=second)


def test_a_lower_id_that_commits_later_is_published_all_the_same(redis_ledger):
    ledger = redis_ledger
    ledger.relay()
    other = connections[ledger.alias].copy(f"{ledger.alias}_other")
    connections.databases[other.alias] = other.settings_dict
    connections[other.alias] = other
    try:
        with transaction.atomic(using=other.alias):
            send("ledger.record", {"n": "lower"}, to=ledger.queue, using=other.alias)
            ledger.send("higher")
            until(lambda: not ledger.waiting)
        ledger.expected["lower"] += 1
        ledger.consume()
    finally:
        other.close()
        del connections.databases[other.alias]
        del connections[other.alias]


def test_after_an_outage_of_25_hours_everything_is_published(redis_ledger):
    ledger = redis_ledger
    ledger.send(*range(50))
    rows = OutboxMessage.objects.using(ledger.alias)
    row = rows.first()
    long_ago = row.created_at - timedelta(hours=25)
    rows.update(created_at=long_ago, available_at=long_ago)
    status = ledger.manage("outbox", "status")
    assert "1d 1h" in status
    assert "No relay is running" in status
    ledger.relay()
    ledger.consume()


def test_a_relay_that_is_asked_to_end_does_so_and_leaves_nothing_behind(redis_ledger):
    relay = redis_ledger.relay()
    assert relay.end() == 0
    assert not redis_ledger.relays.exists()
    assert not redis_ledger.has_lanes()
