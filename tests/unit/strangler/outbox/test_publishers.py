"""Which publisher a URL means, and how batches are cut for RabbitMQ."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.errors import ConfigurationError
from strangler.outbox.publishers import open_publisher
from strangler.outbox.publishers.amqp import PRIORITIES, AmqpPublisher, waves
from strangler.outbox.publishers.redis import RedisPublisher
from tests.unit.strangler.outbox.test_wire import row

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("redis://:secret@cache.example:6380/2", RedisPublisher, "redis://cache.example:6380/2"),
        ("valkey://127.0.0.1", RedisPublisher, "valkey://127.0.0.1:6379"),
        ("rediss://cache.example/0", RedisPublisher, "rediss://cache.example:6379/0"),
        ("amqp://guest:secret@rabbit.example//", AmqpPublisher, "amqp://rabbit.example:5672//"),
        ("amqps://rabbit.example/shop", AmqpPublisher, "amqps://rabbit.example:5671/shop"),
    ],
)
def test_a_url_chooses_the_publisher_and_its_password_is_not_shown(url, kind, name):
    publisher = open_publisher(url, timeout=SECOND)
    assert type(publisher) is kind
    assert publisher.name == name


@pytest.mark.parametrize("url", ["kafka://host", "sqs://", "127.0.0.1:6379", ""])
def test_another_broker_is_refused_with_those_that_are_known(url):
    with pytest.raises(ConfigurationError, match=r"BROKER_URL.*redis://.*amqp://"):
        open_publisher(url, timeout=SECOND)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_a_broker_that_is_not_there_confirms_nothing_and_raises_nothing(url):
    began = time.monotonic()
    receipt = open_publisher(url, timeout=SECOND).publish([row(pk=1), row(pk=2)])
    assert (receipt.confirmed, receipt.refused, receipt.full) == ([], {}, {})
    assert "Messages wait in the outbox" in str(receipt.failure)
    assert time.monotonic() - began < 5


KEYS = st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=30)


@given(KEYS)
def test_no_wave_has_a_key_twice_and_waves_in_turn_keep_the_order_of_each_key(keys):
    rows = [row(pk=number, key=key) for number, key in enumerate(keys)]
    parts = waves(rows)
    for part in parts:
        keyed = [each.key for each in part if each.key]
        assert len(keyed) == len(set(keyed))
    for key in "abc":
        sent = [each.pk for part in parts for each in part if each.key == key]
        assert sent == [each.pk for each in rows if each.key == key]
    assert sorted(each.pk for part in parts for each in part) == list(range(len(keys)))


def test_messages_without_a_key_are_one_wave():
    assert len(waves([row(pk=number) for number in range(100)])) == 1


def test_the_same_key_in_another_queue_is_another_key():
    assert len(waves([row(pk=1, key="k"), row(pk=2, key="k", queue="other")])) == 1


def test_priorities_mean_the_same_on_amqp_where_higher_numbers_come_first():
    assert list(PRIORITIES) == sorted(PRIORITIES, reverse=True)
    assert PRIORITIES[0] > 4 >= PRIORITIES[1], "a quorum queue knows two levels, above 4 and up to it"
