"""Which side is asked, which captures are samples, and what becomes of a side that does not answer."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from strangler.core.capture import Capture, RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.errors import NotObservedError
from strangler.shadow.comparing import compare_capture, is_sampled
from strangler.shadow.reasons import MEANINGS, Reason


def capture_of(side=Side.LEGACY, *, number=None):
    return Capture(
        id=UUID(int=number) if number is not None else uuid4(),
        seam="shop.page",
        asked=RecordedRequest(method="GET", target="/page/"),
        control=Observation(side=side, status=200, body=b"{}"),
        captured_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


def record(asked):
    def replay(_capture, *, side):
        asked.append(side)
        return Observation(side=side, status=200, body=b"{}")

    return replay


@pytest.mark.parametrize("side", Side)
def test_the_side_that_did_not_do_it_is_asked(side):
    asked = []
    outcome = compare_capture(capture_of(side), rules=(), replay=record(asked))
    assert asked == [each for each in Side if each is not side]
    assert outcome.result.differences == ()
    assert outcome.noise is None


def test_a_sample_asks_legacy_twice_more():
    asked = []
    outcome = compare_capture(capture_of(), rules=(), replay=record(asked), is_sample=True)
    assert asked == [Side.SERVICE, Side.LEGACY, Side.LEGACY]
    assert outcome.noise.differences == ()


def test_a_side_that_does_not_answer_is_no_comparison_and_says_why():
    def replay(_capture, *, side):
        raise NotObservedError(side, reason=Reason.TIMEOUT, detail="5 s")

    result = compare_capture(capture_of(), rules=(), replay=replay).result
    assert (result.differences, result.reason, result.detail) == (None, Reason.TIMEOUT, "5 s")


def test_the_share_of_samples_is_the_wanted_one_and_the_same_each_time():
    captures = [capture_of(number=number) for number in range(10_000)]
    sampled = [each for each in captures if is_sampled(each, percent=5)]
    assert len(sampled) == 500
    assert sampled == [each for each in captures if is_sampled(each, percent=5)]
    assert not any(is_sampled(each, percent=0) for each in captures)
    assert all(is_sampled(each, percent=100) for each in captures)


def test_every_reason_has_a_meaning():
    assert set(MEANINGS) == set(Reason)
