"""What follows from how an attempt ended: plain values, no clock, no database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from extracted.email.conf import Config, DoubtPolicy
from extracted.email.outcomes import Outcome, Reply, Result, final_state, next_step
from extracted.email.states import RecipientState, State

PENDING, ACCEPTED, REFUSED, SUPPRESSED = (
    RecipientState.PENDING,
    RecipientState.ACCEPTED,
    RecipientState.REFUSED,
    RecipientState.SUPPRESSED,
)
CONFIG = Config(
    shop_name="Halftone",
    sender="hello@halftone.example",
    message_id_domain="halftone.example",
    doubt_policy=DoubtPolicy.RETRY,
    max_doubts=3,
    first_wait=timedelta(seconds=5),
    longest_wait=timedelta(hours=1),
    longest_outage_wait=timedelta(minutes=5),
    give_up_after=timedelta(days=5),
    soft_time_limit=timedelta(seconds=120),
    kill_after=timedelta(seconds=10),
    final_reply_timeout=timedelta(seconds=60),
    resend_after=timedelta(seconds=30),
    broker_timeout=timedelta(seconds=1),
    suppress_hard_bounces=False,
    retention=timedelta(days=90),
    max_body_bytes=1,
    max_context_bytes=1,
    max_recipients=1,
    max_content_bytes=1,
    source_address="",
    tasks_url="",
    tasks_queue="email_tasks",
    max_deliveries=5,
    login_url="/",
)


def outcome(result, *, code=None, text="why", **more):
    return Outcome(result=result, reply=Reply(code, text), **more)


def step(ended, *, fates=(PENDING,), attempts=1, doubts=0, age=timedelta(0), spread=1.0, config=CONFIG):
    return next_step(
        ended, fates=fates, attempts=attempts, doubts=doubts, age=age, spread=spread, config=config
    )


@pytest.mark.parametrize(
    ("result", "code", "refusals", "fate"),
    [
        (Result.SENT, 250, {}, ACCEPTED),
        (Result.SENT, 250, {"a": Reply(550, "no")}, REFUSED),
        (Result.SENT, 250, {"a": Reply(450, "later")}, PENDING),
        (Result.REFUSED, 554, {}, REFUSED),
        (Result.REFUSED, 554, {"a": Reply(450, "later")}, PENDING),
        (Result.POSTPONED, 451, {}, PENDING),
        (Result.POSTPONED, 451, {"a": Reply(550, "no")}, REFUSED),
        (Result.UNKNOWN, None, {}, PENDING),
        (Result.UNKNOWN, None, {"a": Reply(550, "no")}, REFUSED),
    ],
)
def test_a_recipients_own_reply_comes_before_that_to_the_mail(result, code, refusals, fate):
    assert outcome(result, code=code, refusals=refusals).fate_of("a")[0] == fate


@pytest.mark.parametrize(
    ("fates", "state"),
    [
        ([ACCEPTED], State.SENT),
        ([ACCEPTED, REFUSED, SUPPRESSED], State.SENT),
        ([REFUSED, SUPPRESSED], State.FAILED),
        ([SUPPRESSED], State.SUPPRESSED),
        ([], State.FAILED),
    ],
)
def test_the_end_of_a_message_follows_from_those_of_its_recipients(fates, state):
    assert final_state(fates) == state


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (5000, 3600)]
)
def test_each_wait_is_twice_as_long_up_to_an_hour(attempts, seconds):
    assert step(outcome(Result.POSTPONED, code=451), attempts=attempts).wait == timedelta(seconds=seconds)


def test_a_server_that_does_not_answer_is_asked_more_often():
    assert step(outcome(Result.POSTPONED, is_outage=True), attempts=50).wait == timedelta(minutes=5)


def test_waits_are_spread():
    late = step(outcome(Result.POSTPONED, code=451), spread=1.25)
    assert late.wait == timedelta(seconds=6.25)


def test_a_mail_with_nobody_left_is_over():
    assert step(outcome(Result.REFUSED, code=550), fates=[REFUSED]).wait is None
    assert step(outcome(Result.SENT, code=250), fates=[ACCEPTED]).reason == ""


def test_doubt_is_retried_until_there_is_too_much_of_it():
    first = step(outcome(Result.UNKNOWN), doubts=1)
    assert (first.state, first.wait) == (State.UNKNOWN, timedelta(seconds=5))
    last = step(outcome(Result.UNKNOWN), doubts=3)
    assert (last.state, last.wait) == (State.UNKNOWN, None)
    assert "held until somebody decides" in last.reason


def test_the_policy_hold_holds_at_once_but_only_what_is_in_doubt():
    config = replace(CONFIG, doubt_policy=DoubtPolicy.HOLD)
    assert step(outcome(Result.UNKNOWN), doubts=1, config=config).wait is None
    assert step(outcome(Result.POSTPONED, code=451), config=config).wait is not None


@pytest.mark.parametrize(
    ("result", "fates", "state"),
    [
        (Result.POSTPONED, [PENDING], State.FAILED),
        (Result.POSTPONED, [PENDING, ACCEPTED], State.SENT),
        (Result.UNKNOWN, [PENDING], State.UNKNOWN),
    ],
)
def test_after_days_it_is_given_up_and_doubt_stays_doubt(result, fates, state):
    last = step(outcome(result, code=451), fates=fates, age=timedelta(days=6), attempts=70, doubts=1)
    assert (last.state, last.wait) == (state, None)
    assert last.reason.startswith("given up after 70 attempts")


def test_reasons_name_who_was_refused():
    ended = outcome(Result.SENT, code=250, refusals={"ben@example.org": Reply(550, "no such user")})
    assert step(ended, fates=[ACCEPTED, REFUSED]).reason == "ben@example.org: 550 no such user"


def test_the_lease_is_longer_than_any_attempt():
    assert CONFIG.soft_time_limit < CONFIG.hard_time_limit < CONFIG.lease
