"""What travels from a request into messages and logs, and what is not believed of them."""

import logging

import pytest

from strangler.core.carried import CORRELATION, DECISION, TRACE, carried
from strangler.core.decision import Decision, Reason, Side
from strangler.core.origin import (
    LoggingContext,
    MessageOrigin,
    current_origin,
    read_decision,
    read_headers,
    travelling,
    within,
)

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DECIDED = Decision(seam="email.welcome", side=Side.SERVICE, reason=Reason.CANARY)


def test_what_one_side_sends_the_other_reads():
    with within(MessageOrigin(key="abc"), facts={CORRELATION: "r1", TRACE: TRACEPARENT}):
        sent = {f"strangler-{name}": value for name, value in travelling(DECIDED).items()}
    origin, facts = read_headers(sent)
    assert origin == MessageOrigin(key="abc", decision=DECIDED)
    assert facts == {CORRELATION: "r1", TRACE: TRACEPARENT, DECISION: "email.welcome=service;canary"}


def test_nothing_travels_without_an_origin():
    assert current_origin() is None
    assert travelling() == {}


def test_the_decision_of_a_route_does_not_pass_for_the_decision_of_a_call():
    with within(None, facts={DECISION: "images.upload=legacy;stage"}):
        assert travelling() == {}
        assert travelling(DECIDED) == {DECISION: str(DECIDED)}


def test_an_origin_ends_with_its_block():
    with pytest.raises(ZeroDivisionError), within(MessageOrigin(key="abc"), facts={CORRELATION: "r1"}):
        raise ZeroDivisionError
    assert current_origin() is None
    assert not carried()


@pytest.mark.parametrize("value", ["a\nb", "", "é", "x" * 201, 7, None])
def test_a_malformed_header_counts_as_missing(value):
    names = (CORRELATION, TRACE, DECISION, "decision-key")
    assert read_headers({f"strangler-{name}": value for name in names}) == (MessageOrigin(), {})


@pytest.mark.parametrize("text", ["", "x", "a.b=neither;stage", "a.b=service;because", "=service;stage"])
def test_a_text_that_no_decision_wrote_is_none(text):
    assert read_decision(text) is None


def test_only_an_overridden_decision_is_a_wish_and_only_for_its_seam():
    overridden = Decision(seam="a.b", side=Side.SERVICE, reason=Reason.OVERRIDE)
    assert MessageOrigin(decision=overridden).wish("a.b") is Side.SERVICE
    assert MessageOrigin(decision=overridden).wish("a.c") is None
    assert MessageOrigin(decision=DECIDED).wish("email.welcome") is None


def test_log_records_say_which_request_they_belong_to():
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "hello", None, None)
    with within(None, facts={CORRELATION: "r1", DECISION: str(DECIDED)}):
        assert LoggingContext().filter(record)
    assert (record.request_id, record.decision) == ("r1", str(DECIDED))
    LoggingContext().filter(record)
    assert (record.request_id, record.decision, record.traceparent) == ("-", "-", "-")
