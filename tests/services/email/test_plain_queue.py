"""The plain queue, on a real RabbitMQ: what is taken, what is buried with its reason, and what never loops."""

import json
import threading
import time
from contextlib import contextmanager

import pika
import pytest
from django.db import OperationalError
from django.db.utils import DataError

from extracted.email.models import Message, QueueDelivery, Source
from extracted.email.plain_queue import handling
from extracted.email.plain_queue.consumer import Consumer
from extracted.email.plain_queue.handling import DeadLetter, Incoming, handle
from extracted.email.states import State
from tests.services.email.test_docs import example_producer

GOOD = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"user": {"username": "ann", "first_name": "Ann"}},
    "business_id": "welcome:user:42",
}


def incoming(body=GOOD, **values):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming(body=raw, **values)


@pytest.mark.django_db
class TestHandling:
    """One message, without a broker."""

    def test_a_good_message_is_a_row(self):
        assert handle(incoming()) is None
        row = Message.objects.get()
        assert (row.source, row.state, row.business_id) == (Source.QUEUE, State.QUEUED, "welcome:user:42")

    def test_a_repetition_changes_nothing(self):
        assert [handle(incoming(is_repeated=each)) for each in (False, True)] == [None, None]
        assert Message.objects.count() == 1
        assert not QueueDelivery.objects.exists()

    def test_the_message_id_stands_for_a_missing_business_id(self):
        body = {key: GOOD[key] for key in ("template", "to", "context")}
        assert handle(incoming(body, message_id="m-1")) is None
        assert handle(incoming(body, message_id="m-1")) is None
        assert Message.objects.get().business_id == "email_tasks:m-1"
        assert handle(incoming(body)).reason == "no-id"

    @pytest.mark.parametrize(
        ("message", "reason"),
        [
            (incoming(b"not json"), "malformed"),
            (incoming(b"\xff\xff"), "malformed"),
            (incoming(b" " * 300_000), "too-large"),
            (incoming({**GOOD, "context": {"x": "y" * 70_000}}), "too-large"),
            (incoming({**GOOD, "template": "nothing"}), "unknown-template"),
            (incoming({**GOOD, "context": {}}), "rendering"),
            (incoming({**GOOD, "to": ["ann"]}), "address"),
            (incoming({**GOOD, "to": ["ann@example.org\nBcc: ben@example.org"]}), "header-injection"),
            (incoming(type="sms.deliver"), "unknown-type"),
            (incoming(headers={"version": 2}), "unknown-version"),
            (incoming(headers={"version": "new"}), "unknown-version"),
        ],
    )
    def test_what_cannot_be_used_is_said_and_not_stored(self, message, reason):
        assert handle(message).reason == reason
        assert not Message.objects.exists()

    def test_what_took_its_consumer_down_too_often_is_given_up(self, monkeypatch):
        def killed(*_, **__):
            raise SystemExit

        monkeypatch.setattr(handling, "deliver", killed)  # stands for a process that dies here
        poison = incoming(is_repeated=True)
        for _ in range(5):
            with pytest.raises(SystemExit):
                handle(poison)
        assert handle(poison).reason == "too-many-deliveries"
        assert not QueueDelivery.objects.exists()


@pytest.fixture
def plain_url(rabbitmq_url):
    """Return RabbitMQ's URL as pika reads it: kombu takes `//` for the virtual host `/`, pika does not."""
    return f"{rabbitmq_url.removesuffix('//')}/%2F"


@pytest.fixture
def plain(plain_url, request):
    """Return a channel and a queue name of the test's own."""
    connection = pika.BlockingConnection(pika.URLParameters(plain_url))
    channel = connection.channel()
    channel.confirm_delivery()
    name = f"email_tasks_{request.node.name[:60]}"
    channel.queue_declare(name, durable=True)  # as the producer of another system does it
    yield channel, name
    if connection.is_open:
        connection.close()


@contextmanager
def consuming(url, name, work):
    consumer = Consumer(url, queue=name, work=work)
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield consumer
    finally:
        consumer.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()


def wait_until(condition, *, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def publish(channel, name, body=GOOD, **properties):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    channel.basic_publish("", name, raw, pika.BasicProperties(delivery_mode=2, **properties), mandatory=True)


def depth(channel, name):
    return channel.queue_declare(name, durable=True, passive=True).method.message_count


def test_a_message_is_acknowledged_after_its_work(plain, plain_url):
    channel, name = plain
    working, may_end = threading.Event(), threading.Event()
    done = []

    def work(message):
        working.set()
        may_end.wait(5)
        done.append(message)

    publish(channel, name)
    publish(channel, name)
    with consuming(plain_url, name, work):
        assert working.wait(10)
        assert depth(channel, name) == 1  # prefetch_count=1: the second one waits in the queue
        may_end.set()
        wait_until(lambda: len(done) == 2)  # the queue is empty before the second one is done
    assert depth(channel, name) == 0


def test_what_cannot_be_used_goes_to_the_dead_letters_with_reason_and_body(plain, plain_url):
    channel, name = plain
    publish(channel, name, b"not json", message_id="m-1", headers={"from": "billing"})
    with consuming(plain_url, name, lambda _: DeadLetter(reason="malformed", detail="no JSON")):
        dead = f"{name}.dead"
        wait_until(lambda: channel.queue_declare(dead, durable=True).method.message_count == 1)
    method, properties, body = channel.basic_get(dead, auto_ack=True)
    assert method
    assert body == b"not json"
    assert properties.message_id == "m-1"
    assert properties.delivery_mode == 2
    assert properties.headers["reason"] == "malformed"
    assert properties.headers["detail"] == "no JSON"
    assert properties.headers["from"] == "billing"
    assert depth(channel, name) == 0


def test_a_database_that_fails_leaves_the_message_in_the_queue(plain, plain_url):
    channel, name = plain
    publish(channel, name)
    seen = []

    def work(message):
        seen.append(message.is_repeated)
        if len(seen) == 1:
            raise OperationalError("gone away")

    with consuming(plain_url, name, work):
        wait_until(lambda: len(seen) == 2)
    assert seen == [False, True]
    assert depth(channel, name) == 0


def test_a_message_that_fails_for_its_own_reasons_is_given_back(plain, plain_url):
    channel, name = plain
    publish(channel, name)
    failures = [DataError("too long"), RuntimeError("a bug")]

    def work(_):
        if failures:
            raise failures.pop()

    with consuming(plain_url, name, work):
        wait_until(lambda: not failures and depth(channel, name) == 0)


def test_a_broker_that_goes_away_is_found_again(rabbitmq, plain, plain_url):
    channel, name = plain
    got = []
    publish(channel, name, b"first")
    channel.connection.close()
    with consuming(plain_url, name, lambda message: got.append(message.body)):
        wait_until(lambda: got == [b"first"])
        rabbitmq.control("close_all_connections", "a test")
        with pika.BlockingConnection(pika.URLParameters(plain_url)) as again:
            publish(again.channel(), name, b"second")
        wait_until(lambda: got == [b"first", b"second"])


def test_a_url_as_celery_takes_it_works_too(plain, rabbitmq_url):
    channel, name = plain
    got = []
    publish(channel, name)
    with consuming(rabbitmq_url, name, lambda message: got.append(message.body)):
        wait_until(lambda: got)


@pytest.mark.django_db(transaction=True)
def test_the_example_of_the_documentation_reaches_the_service(plain_url, tmp_path):
    """A program that knows nothing of Django sends what the how-to shows; our command takes it."""
    example_producer(tmp_path, url=plain_url)
    with consuming(plain_url, "email_tasks", handle):
        wait_until(Message.objects.exists)
    row = Message.objects.get()
    assert (row.template, row.source) == ("invoice", Source.QUEUE)
