"""The envelope of a message: what it refuses, and how it is encoded."""

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.carried import carried, carry
from strangler.core.messages import MAX_BODY_BYTES, Message, Priority, encode_body, encode_headers
from strangler.errors import MessageError

ID = UUID(int=1)


def message(**changes):
    values = {"id": ID, "type": "email.deliver", "queue": "email", "body": {"to": ["a@example.org"]}}
    return Message(**{**values, **changes})


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("type", ""),
        ("type", "no spaces"),
        ("type", "x" * 201),
        ("queue", "a\x06\x163"),
        ("queue", ""),
        ("version", 0),
        ("version", True),
        ("version", 40_000),
        ("key", "line\nbreak"),
        ("key", "k" * 201),
        ("delay", timedelta(seconds=-1)),
        ("delay", timedelta(days=367)),
        ("headers", {"Upper": "x"}),
        ("headers", {"name": 1}),
        ("headers", {"name": "a\r\nInjected: yes"}),
        ("headers", {f"h{number}": "x" for number in range(21)}),
    ],
)
def test_a_part_that_no_broker_or_database_would_carry_is_refused_and_named(part, value):
    with pytest.raises(MessageError, match=part.rstrip("s")):
        message(**{part: value})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"at": datetime(2026, 1, 1)}, "datetime"),  # noqa: DTZ001 - a value that JSON can't carry
        ({"n": float("nan")}, "not JSON"),
        ({"raw": b"x"}, "bytes"),
        (["a", "list"], "must be an object"),
        ("text", "must be an object"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(body, reason):
    with pytest.raises(MessageError, match=reason):
        encode_body(message(body=body))


def test_a_body_that_contains_itself_is_refused():
    body = {}
    body["self"] = body
    with pytest.raises(MessageError, match="not JSON"):
        encode_body(message(body=body))


def test_the_largest_body_fits_and_one_byte_more_does_not():
    room = MAX_BODY_BYTES - len('{"x":""}')
    assert len(encode_body(message(body={"x": "a" * room}))) == MAX_BODY_BYTES
    with pytest.raises(MessageError, match="more than 262,144"):
        encode_body(message(body={"x": "a" * (room + 1)}))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_a_body_survives_as_ascii_whatever_is_in_it(body):
    text = encode_body(message(body=body))
    assert text.isascii()
    assert json.loads(text) == body


def test_headers_get_their_prefix_on_the_wire():
    assert json.loads(encode_headers({"decision": "service"})) == {"strangler-decision": "service"}
    assert encode_headers({}) == ""


def test_priorities_compare_as_their_names_say():
    assert Priority.LOW < Priority.NORMAL < Priority.HIGH


def test_what_is_carried_adds_up_and_ends_with_its_block():
    with carry({"correlation-id": "r1"}):
        with carry({"decision": "service"}):
            assert carried() == {"correlation-id": "r1", "decision": "service"}
        assert carried() == {"correlation-id": "r1"}
    assert carried() == {}
