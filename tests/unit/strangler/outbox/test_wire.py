"""A row as a Celery message: both ways of writing it say the same, and a bad row is refused."""

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.transport.virtual import Channel, Message

from strangler.errors import MessageError
from strangler.outbox.publishers.redis import STEPS, encode, list_name, queue_of
from strangler.outbox.wire import Row, task_body, task_headers, task_headers_text

ID = UUID(int=7)


def row(**changes) -> Row:
    values = {
        "pk": 1,
        "message_id": ID,
        "type": "email.deliver",
        "version": 2,
        "body": '{"to":["a@example.org"]}',
        "headers": "",
        "queue": "email",
        "key": "",
        "rank": 1,
    }
    return Row(**{**values, **changes})


@given(key=st.text(max_size=20), value=st.text(max_size=20), version=st.integers(1, 9))
def test_headers_written_by_hand_are_the_headers_as_a_dictionary(key, value, version):
    example = row(key=key, headers=json.dumps({"strangler-note": value}), version=version)
    assert json.loads(task_headers_text(example)) == task_headers(example)


def test_headers_name_the_task_the_id_and_what_the_sender_said():
    headers = task_headers(row(key="user:7", headers='{"strangler-decision":"service"}'))
    assert (headers["task"], headers["id"], headers["root_id"]) == ("email.deliver", str(ID), str(ID))
    assert headers["strangler-key"] == "user:7"
    assert headers["strangler-version"] == "2"
    assert headers["strangler-decision"] == "service"


def test_workers_may_log_the_size_of_a_body_but_not_what_is_in_it():
    assert "example.org" not in task_headers_text(row())
    assert task_headers(row())["kwargsrepr"] == "{'version': 2, 'body': <24 bytes>}"


def test_the_body_is_two_keyword_arguments_and_nothing_else():
    args, keywords, embed = json.loads(task_body(row()))
    assert args == []
    assert keywords == {"body": {"to": ["a@example.org"]}, "version": 2}
    assert set(embed.values()) == {None}


@pytest.mark.parametrize("body", ["{", "", "[1]", '"text"', '{"a":1}}'])
def test_a_body_that_is_no_json_object_is_refused(body):
    with pytest.raises(MessageError, match="body in the table"):
        task_body(row(body=body))


@pytest.mark.parametrize("headers", ["{", "[1]"])
def test_headers_that_are_no_json_object_are_refused(headers):
    with pytest.raises(MessageError, match="headers in the table"):
        encode(row(headers=headers))


def test_kombu_reads_what_is_written_for_redis():
    class Decoding(Channel):
        """Kombu's channel, without the connection that it would need for anything else."""

        def __init__(self):
            """Skip the connection."""

    message = Message(json.loads(encode(row(rank=0))), channel=Decoding())
    assert message.decode() == json.loads(task_body(row()))
    assert message.headers["task"] == "email.deliver"
    assert message.properties["priority"] == 0
    assert message.delivery_info == {"exchange": "", "routing_key": "email"}


def test_each_message_has_a_delivery_tag_of_its_own():
    tags = {json.loads(encode(row()))["properties"]["delivery_tag"] for _ in range(5)}
    assert len(tags) == 5


def test_kombus_list_of_the_highest_priority_has_the_queues_plain_name():
    assert [list_name("email", rank) for rank in range(3)] == ["email", "email\x06\x163", "email\x06\x166"]
    assert {queue_of(list_name("email", rank)) for rank in range(3)} == {"email"}
    assert list(STEPS) == sorted(STEPS)


def test_text_of_any_language_arrives_unchanged():
    body = json.dumps({"name": "Zoë 😀"})
    envelope = json.loads(encode(row(body=body)))
    assert json.loads(base64.b64decode(envelope["body"]))[1]["body"] == {"name": "Zoë 😀"}
