"""The doors of the email service as processes, on a real RabbitMQ: the Celery worker and the plain consumer."""

from __future__ import annotations

import json
import signal
import sys
from uuid import uuid4

import pika
import pytest
from celery import Celery

from strangler.forking import Forked, popen
from strangler.service.queues import task_queues
from tests.faults.email_stack import ROOT, EmailStack
from tests.faults.test_email_delivery import check_ledger
from tests.servers.signals import sigkill
from tests.servers.smtp import FakeSMTP

BODY = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"user": {"username": "ann", "first_name": "Ann"}},
    "business_id": "welcome:user:42",
}


@pytest.fixture
def smtp():
    with FakeSMTP() as server:
        yield server


@pytest.fixture
def plain_url(rabbitmq_url):
    return f"{rabbitmq_url.removesuffix('//')}/%2F"


@pytest.fixture
def stack(rabbitmq_url, plain_url, smtp, tmp_path):
    database = f"sqlite:///{tmp_path / 'email.sqlite3'}"
    made = EmailStack(tmp_path, database=database, broker=rabbitmq_url, smtp=smtp, EMAIL_TASKS_URL=plain_url)
    yield made
    made.stop()


@pytest.fixture
def channel(plain_url):
    with pika.BlockingConnection(pika.URLParameters(plain_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for queue in ("email_tasks", "email_tasks.dead"):
            channel.queue_declare(queue, durable=True)
            channel.queue_purge(queue)
        yield channel


def consumer(stack: EmailStack) -> Forked:
    """Start the command and return when it waits for messages."""
    log = stack.folder / "consumer.log"
    with log.open("wb") as output:
        process = popen(
            [sys.executable, "manage.py", "consume_email_tasks"],
            cwd=ROOT,
            env=stack.environ,
            stdout=output,
            stderr=output,
        )
    stack.processes.append(process)
    stack.wait_until(lambda: b"waiting for messages" in log.read_bytes(), "the consumer")
    return process


def publish(channel, body, **properties):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    channel.basic_publish(
        "", "email_tasks", raw, pika.BasicProperties(delivery_mode=2, **properties), mandatory=True
    )


def depth(channel, queue):
    return channel.queue_declare(queue, durable=True, passive=True).method.message_count


def test_ten_copies_of_a_task_message_are_one_mail(stack, smtp, rabbitmq_url):
    sender = Celery(broker=rabbitmq_url)
    sender.conf.task_queues = task_queues("email", broker_url=rabbitmq_url)
    stack.worker("one")
    id_ = str(uuid4())
    for _ in range(10):
        sender.send_task(
            "email.deliver", kwargs={"body": BODY, "version": 1}, task_id=id_, queue="email", priority=None
        )
    sender.send_task("email.deliver", kwargs={"body": {**BODY, "to": ["ann"]}, "version": 1}, queue="email")
    stack.beat()
    stack.wait_until(lambda: smtp.taken, "the mail")
    rows = stack.wait_for_end()
    assert list(check_ledger(smtp, rows).values()) == [1]
    log = (stack.folder / "one.log").read_text()
    assert "'ann' is no mail address" in log  # parked, and the worker went on


def test_the_plain_consumer_ends_in_order_and_loses_nothing(stack, smtp, channel):
    process = consumer(stack)
    publish(channel, BODY)
    publish(channel, b"not json")
    stack.wait_until(lambda: depth(channel, "email_tasks.dead") == 1, "the dead letter")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert depth(channel, "email_tasks") == 0
    method, properties, body = channel.basic_get("email_tasks.dead", auto_ack=True)
    assert (bool(method), body, properties.headers["reason"]) == (True, b"not json", "malformed")
    assert list(stack.rows()) == ["ann@example.org"]


def test_a_plain_consumer_that_is_killed_leaves_its_messages_to_the_next(stack, smtp, channel):
    process = consumer(stack)
    for number in range(200):
        publish(channel, {**BODY, "to": [f"p{number}@example.org"], "business_id": f"welcome:{number}"})
        if number == 100:
            sigkill(process.pid)
    consumer(stack)
    stack.wait_until(lambda: depth(channel, "email_tasks") == 0, "the end of the queue")
    stack.wait_until(lambda: len(stack.rows()) == 200, "every row", seconds=20)
