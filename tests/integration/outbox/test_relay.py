"""What a relay publishes, in which order, shared with whom; on every database, with Redis and RabbitMQ."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby

import pytest
from django.db import connections, transaction
from redis import Redis

from strangler.errors import BrokerUnavailable
from strangler.outbox import Priority, send
from strangler.outbox.models import LANES, Lane, OutboxMessage, ParkedMessage, PublishedMessage, RelayRecord
from strangler.outbox.operating import Selection, find_parked, find_published
from strangler.outbox.publishers import Publisher, open_publisher
from strangler.outbox.publishers.amqp import AmqpPublisher
from strangler.outbox.relay import Relay, RelayOptions
from strangler.outbox.report import make_report
from strangler.outbox.shelves import forget_published, send_again
from strangler.outbox.wake import Bell

SECOND = timedelta(seconds=1)


_open: list[Bell | Publisher] = []


@pytest.fixture(autouse=True)
def _close():
    yield
    while _open:
        _open.pop().close()


def make_relay(database, url, *, batch=1000, lease=10 * SECOND, retention=timedelta(0), timeout=2 * SECOND):
    publisher = open_publisher(url, timeout=timeout)
    options = RelayOptions(lease=lease, batch=batch, retention=retention)
    bell = Bell(host="127.0.0.1")
    _open.extend((bell, publisher))
    return Relay(database, publisher=publisher, bell=bell, options=options)


def drain(database, url, **options):
    relay = make_relay(database, url, **options)
    relay.drain()
    return relay.report


@contextmanager
def running(database, url, *, copies=1, **options):
    """Run relays in threads, each with a connection of its own, as processes have."""
    relays = [make_relay(database, url, **options) for _ in range(copies)]
    threads = [threading.Thread(target=relay.run) for relay in relays]
    for thread in threads:
        thread.start()
    try:
        yield relays
    finally:
        for relay in relays:
            relay.stop()
        for thread in threads:
            thread.join(timeout=20)
        assert not any(thread.is_alive() for thread in threads)


def write(database, *numbers, to="email", **options):
    with transaction.atomic(using=database):
        for number in numbers:
            send("email.deliver", {"n": number}, to=to, using=database, **options)


def read_redis(url, queue="email"):
    """Return the numbers in a queue in the order in which a worker gets them: list by list, oldest first."""
    found = []
    with Redis.from_url(url) as client:
        for name in (queue, f"{queue}\x06\x163", f"{queue}\x06\x166"):
            for raw in reversed(client.lrange(name, 0, -1)):
                args, kwargs, _embed = json.loads(base64.b64decode(json.loads(raw)["body"]))
                assert args == []
                found.append(kwargs["body"]["n"])
    return found


def wait_until(condition, *, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def waiting(database):
    return OutboxMessage.objects.using(database).count()


def test_everything_is_published_once_in_order_and_then_gone(database, redis_url):
    write(database, *range(250))
    report = drain(database, redis_url, batch=100)
    assert (report.published, report.batches, waiting(database)) == (250, 3, 0)
    assert read_redis(redis_url) == list(range(250))


def test_higher_priorities_overtake_lower_ones(database, redis_url):
    write(database, 1, priority=Priority.LOW)
    write(database, 2)
    write(database, 3, priority=Priority.HIGH)
    drain(database, redis_url, batch=1)
    assert read_redis(redis_url) == [3, 2, 1]


def test_a_delayed_message_waits_and_comes_on_time(database, redis_url):
    with running(database, redis_url):
        wait_until(RelayRecord.objects.using(database).exists)
        began = time.monotonic()
        write(database, 1, delay=timedelta(milliseconds=1500))
        write(database, 2)
        wait_until(lambda: read_redis(redis_url) == [2], seconds=1.4)
        wait_until(lambda: read_redis(redis_url) == [2, 1])
    assert 1.4 < time.monotonic() - began < 3.5


def test_a_commit_wakes_an_idle_relay(database, redis_url):
    with running(database, redis_url):
        wait_until(RelayRecord.objects.using(database).exists)
        time.sleep(1.5)  # long enough that it sleeps for a second at a time
        took = []
        for number in range(5):
            began = time.monotonic()
            write(database, number)
            wait_until(lambda: len(read_redis(redis_url)) > number)  # noqa: B023 - called at once
            took.append(time.monotonic() - began)
            time.sleep(0.2)
    assert sorted(took)[2] < 0.25


@pytest.mark.parametrize("broker", ["redis_url", "rabbitmq_url"])
def test_three_relays_keep_the_order_of_every_key(broker, request, make_database, mariadb_url):
    database, url = make_database(mariadb_url), request.getfixturevalue(broker)
    queue = f"order-{broker}"
    with running(database, url, copies=3, batch=20, lease=2 * SECOND):
        wait_until(lambda: _shares(database) == [10, 11, 11])
        for number in range(40):
            with transaction.atomic(using=database):
                for key in "abcdefgh":
                    send("x.y", {"n": f"{key}{number:02}"}, to=queue, key=key, using=database)
        wait_until(lambda: not waiting(database))
    arrived = read_redis(url, queue) if broker == "redis_url" else read_rabbitmq(url, queue)
    by_key = {key: list(each) for key, each in groupby(sorted(arrived, key=lambda n: n[0]), lambda n: n[0])}
    assert by_key == {key: [f"{key}{number:02}" for number in range(40)] for key in "abcdefgh"}


def _shares(database):
    owners = Lane.objects.using(database).values_list("owner", flat=True)
    return sorted(list(owners).count(owner) for owner in set(owners)) if None not in owners else []


def read_rabbitmq(url, queue):
    channel = _channel(url)
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        found.append(json.loads(message.body)[1]["body"]["n"])
    return found


def _channel(url):
    publisher = AmqpPublisher(url, timeout=2 * SECOND)
    _open.append(publisher)
    return publisher._connected().channel()


def test_a_long_run_of_one_key_is_published_in_parts_so_that_the_lease_is_kept(sqlite, rabbitmq_url):
    # Each waits for the confirm of the one before it: so many can't be through in half a second anywhere.
    write(sqlite, *range(2_000), to="hot", key="hot")
    relay = make_relay(sqlite, rabbitmq_url, timeout=0.5 * SECOND, batch=2_000)
    relay.step()
    assert 0 < relay.report.published < 2_000
    wait_until(lambda: not relay.step() and not waiting(sqlite), seconds=60)
    # A confirm may take longer than half a second on a busy machine: repeats are allowed, another order is not.
    assert list(dict.fromkeys(read_rabbitmq(rabbitmq_url, "hot"))) == list(range(2_000))


def test_on_rabbitmq_messages_are_persistent_and_their_queue_is_a_quorum_queue(
    sqlite, rabbitmq_url, rabbitmq
):
    write(sqlite, 1, to="kinds", priority=Priority.HIGH, key="k", headers={"decision": "service"})
    assert drain(sqlite, rabbitmq_url).published == 1
    message = _channel(rabbitmq_url).basic_get("kinds", no_ack=True)
    assert message.properties["delivery_mode"] == 2
    assert message.properties["priority"] == 9
    assert message.headers["task"] == "email.deliver"
    assert message.headers["strangler-decision"] == "service"
    assert (message.headers["strangler-key"], message.headers["strangler-version"]) == ("k", "1")
    rows = rabbitmq.control("list_queues", "-q", "name", "type", "durable", "arguments").splitlines()
    (row,) = (row for row in rows if row.startswith("kinds\t"))
    assert row.startswith("kinds\tquorum\ttrue")
    assert '{"x-dead-letter-exchange","strangler.dead"}' in row
    assert any(row.startswith("kinds.dead\tquorum\ttrue") for row in rows)


def test_what_a_worker_rejects_is_kept_as_a_dead_letter(sqlite, rabbitmq_url):
    write(sqlite, 7, to="rejecting")
    drain(sqlite, rabbitmq_url)
    channel = _channel(rabbitmq_url)
    message = channel.basic_get("rejecting")
    channel.basic_reject(message.delivery_tag, requeue=False)
    wait_until(lambda: read_rabbitmq(rabbitmq_url, "rejecting.dead") == [7], seconds=5)


def test_an_existing_queue_of_another_kind_is_used_as_it_is(sqlite, rabbitmq_url):
    _channel(rabbitmq_url).queue_declare("classic-tasks", durable=True, auto_delete=False)
    write(sqlite, 1, 2, to="classic-tasks")
    assert drain(sqlite, rabbitmq_url).published == 2
    assert read_rabbitmq(rabbitmq_url, "classic-tasks") == [1, 2]


def test_a_message_too_large_for_the_broker_is_parked_and_holds_up_nobody(sqlite, rabbitmq_url, rabbitmq):
    limit = "persistent_term:put(max_message_size, {}), application:set_env(rabbit, max_message_size, {})."
    rabbitmq.control("eval", limit.format(50_000, 50_000))
    try:
        write(sqlite, *range(5), to="large")
        write(sqlite, "x" * 60_000, to="large")
        write(sqlite, *range(5, 9), to="large")
        report = drain(sqlite, rabbitmq_url)
    finally:
        rabbitmq.control("eval", limit.format(134_217_728, 134_217_728))
    assert (report.published, report.parked) == (9, 1)
    assert set(read_rabbitmq(rabbitmq_url, "large")) == set(range(9))
    assert "the broker refuses it" in ParkedMessage.objects.using(sqlite).get().reason


def test_a_row_that_is_no_message_is_parked_with_its_reason_and_can_be_sent_again(database, redis_url):
    write(database, *range(3))
    broken = OutboxMessage.objects.using(database).order_by("id")[1]
    OutboxMessage.objects.using(database).filter(pk=broken.pk).update(body='{"n": ')
    assert (drain(database, redis_url).parked, read_redis(redis_url)) == (1, [0, 2])
    (parked,) = make_report(database).parked
    assert (parked.queue, parked.type, parked.count) == ("email", "email.deliver", 1)
    assert "is not JSON" in parked.reason
    ParkedMessage.objects.using(database).update(body='{"n": 1}')
    assert send_again(find_parked(Selection(alias=database))) == 1
    drain(database, redis_url)
    assert read_redis(redis_url) == [0, 2, 1]
    assert not ParkedMessage.objects.using(database).exists()


def test_a_queue_that_takes_nothing_holds_up_no_other(sqlite, redis_url):
    with Redis.from_url(redis_url) as client:
        client.set("blocked\x06\x163", "not a list")
        write(sqlite, 1, to="blocked")
        write(sqlite, 2)
        report = drain(sqlite, redis_url)
        assert (report.published, report.parked, report.failures, waiting(sqlite)) == (1, 0, 0, 1)
        client.delete("blocked\x06\x163")
    drain(sqlite, redis_url)
    assert read_redis(redis_url, "blocked") == [1]


def test_published_messages_are_kept_for_as_long_as_was_asked_and_can_be_sent_again(database, redis_url):
    write(database, *range(5))
    drain(database, redis_url, retention=timedelta(hours=1))
    assert PublishedMessage.objects.using(database).count() == 5
    with Redis.from_url(redis_url) as client:
        client.flushall()  # wiped
    assert send_again(find_published(Selection(alias=database), since=timedelta(minutes=5))) == 5
    drain(database, redis_url, retention=timedelta(hours=1))
    assert read_redis(redis_url) == list(range(5))
    assert forget_published(database, older_than=timedelta(hours=1)) == 0
    assert forget_published(database, older_than=timedelta(0)) == 5


def test_without_retention_nothing_is_kept(sqlite, redis_url):
    write(sqlite, 1)
    drain(sqlite, redis_url)
    assert not PublishedMessage.objects.using(sqlite).exists()


def test_a_relay_that_ends_in_order_gives_its_lanes_back_at_once(database, redis_url):
    relay = make_relay(database, redis_url)
    relay.step()
    assert Lane.objects.using(database).exclude(owner=None).count() == LANES
    relay.drain()
    assert Lane.objects.using(database).filter(owner=None).count() == LANES
    assert not RelayRecord.objects.using(database).exists()


def test_a_second_relay_gets_its_share_and_loses_nothing_of_the_first(sqlite, redis_url):
    first = make_relay(sqlite, redis_url, lease=0.3 * SECOND)
    first.step()
    second = make_relay(sqlite, redis_url, lease=0.3 * SECOND)
    second.step()
    write(sqlite, *range(64))
    assert not second.step(), "nothing is its own yet"
    time.sleep(0.15)
    first.step()  # renews, and gives half of the lanes away
    time.sleep(0.15)
    while second.step() or first.step():
        pass
    assert sorted(read_redis(redis_url)) == list(range(64))
    assert (first.report.published > 0) + (second.report.published > 0) == 2


def test_once_with_a_dead_broker_fails_and_says_that_everything_waits(sqlite):
    write(sqlite, 1)
    with pytest.raises(BrokerUnavailable, match="Messages wait in the outbox"):
        drain(sqlite, "redis://127.0.0.1:1/0")
    assert waiting(sqlite) == 1


def test_two_open_transactions_commit_in_the_other_order_and_both_are_published(
    make_database, request, redis_url
):
    for kind in ("mariadb_url", "postgres_url"):
        url = request.getfixturevalue(kind)
        database = make_database(url)
        is_written, may_commit = threading.Event(), threading.Event()

        def commit_late(database=database, is_written=is_written, may_commit=may_commit):
            with transaction.atomic(using=database):
                send("email.deliver", {"n": "lower id"}, to="email", key="k", using=database)
                is_written.set()
                may_commit.wait(timeout=20)
            connections[database].close()

        slow = threading.Thread(target=commit_late)
        slow.start()
        is_written.wait(timeout=20)
        write(database, "higher id", key="k")
        assert drain(database, redis_url).published == 1
        may_commit.set()
        slow.join()
        assert drain(database, redis_url).published == 1
        assert sorted(read_redis(redis_url)) == ["higher id", "lower id"]
        with Redis.from_url(redis_url) as client:
            client.flushall()
