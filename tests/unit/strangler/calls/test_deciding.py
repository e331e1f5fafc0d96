"""Whose key decides a call."""

from datetime import date
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model

from strangler.calls.deciding import argument_key, decide_call
from strangler.core.decision import Decision, Reason, Side, bucket, threshold
from strangler.core.origin import MessageOrigin, within
from strangler.core.stages import RolloutStage

SEAM = "reports.nightly"


def never() -> str:
    raise AssertionError("nobody needs this key")


def key_on(side: Side) -> str:
    limit = threshold(50)
    keys = (f"key-{number}" for number in range(1000))
    return next(key for key in keys if (bucket(key, seam=SEAM) < limit) is (side is Side.SERVICE))


@pytest.mark.parametrize(
    ("stage", "side"), [(RolloutStage.LEGACY, Side.LEGACY), (RolloutStage.LIVE, Side.SERVICE)]
)
def test_outside_of_a_canary_no_key_is_made(stand, stage, side):
    stand(stage)
    assert decide_call(SEAM, key=never) == Decision(seam=SEAM, side=side, reason=Reason.STAGE)


@pytest.mark.parametrize("side", Side)
def test_in_a_canary_the_key_of_the_request_decides_before_the_calls_own(stand, side):
    stand(RolloutStage.CANARY, 50)
    with within(MessageOrigin(key=key_on(side)), facts={}):
        assert decide_call(SEAM, key=never).side is side


@pytest.mark.parametrize("side", Side)
def test_without_a_request_or_its_cookie_the_calls_own_key_decides(stand, side):
    stand(RolloutStage.CANARY, 50)
    assert decide_call(SEAM, key=lambda: key_on(side)).side is side
    with within(MessageOrigin(), facts={}):
        assert decide_call(SEAM, key=lambda: key_on(side)).side is side


def test_a_wish_wins_over_the_stage(stand):
    stand(RolloutStage.LEGACY)
    wished = Decision(seam=SEAM, side=Side.SERVICE, reason=Reason.OVERRIDE)
    with within(MessageOrigin(decision=wished), facts={}):
        assert decide_call(SEAM, key=never) == wished


def test_the_same_arguments_are_the_same_key_in_every_process():
    arguments = (1, date(2026, 3, 1), UUID(int=7), get_user_model()(pk=42))
    assert argument_key(arguments, {"b": 2, "a": object()}) == (
        '[[1,"2026-03-01","00000000-0000-0000-0000-000000000007","auth.user:42"],{"a":"object","b":2}]'
    )
