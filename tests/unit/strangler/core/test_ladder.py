"""The steps of a rollout: which comes next, which is gated, what is forward."""

from decimal import Decimal

import pytest

from strangler.core.ladder import LIVE, STEPS, Step, is_forward, is_gated, next_step
from strangler.core.stages import Rollout, RolloutStage, compared_percent

LEGACY = Step(stage=RolloutStage.LEGACY)
SHADOW = STEPS[0]


def canary(percent):
    return Step(stage=RolloutStage.CANARY, percent=Decimal(percent))


def at(step):
    return Rollout(seam="images.upload", stage=step.stage, percent=step.percent)


def test_the_way_to_live_is_shadow_then_1_5_25_50_and_100_percent():
    step, way = LEGACY, []
    while (step := next_step(step, to=LIVE)) is not None:
        way.append(str(step))
    assert way == ["shadow 100", "canary 1", "canary 5", "canary 25", "canary 50", "live"]


@pytest.mark.parametrize(
    ("now", "to", "expected"),
    [
        (canary(10), LIVE, canary(25)),
        (canary(5), canary(10), canary(10)),
        (canary(25), canary(25), None),
        (LIVE, LIVE, None),
        (canary(100), LIVE, LIVE),
        (Step(stage=RolloutStage.SHADOW, percent=Decimal(10)), LIVE, canary(1)),
        (LEGACY, SHADOW, SHADOW),
        (SHADOW, SHADOW, None),
    ],
)
def test_a_step_may_lie_between_those_of_the_ladder(now, to, expected):
    assert next_step(now, to=to) == expected


@pytest.mark.parametrize(
    ("step", "after", "gates", "expected"),
    [
        (LIVE, canary(50), (LIVE,), True),
        (canary(50), canary(25), (LIVE,), False),
        (canary(25), canary(5), (canary(25),), True),
        (canary(50), canary(25), (canary(30),), True),
        (canary(50), canary(25), (canary(25),), False),
        (canary(1), SHADOW, (), False),
    ],
)
def test_a_gate_stands_before_the_first_step_that_is_as_far(step, after, gates, expected):
    assert is_gated(step, after=after, gates=gates) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (LEGACY, canary(1), True),
        (LEGACY, LIVE, True),
        (LEGACY, SHADOW, False),
        (canary(5), SHADOW, False),
        (SHADOW, canary(1), True),
        (canary(25), canary(26), True),
        (canary(25), canary(25), False),
        (canary(25), canary(5), False),
        (LIVE, canary(100), False),
        (canary(100), LIVE, True),
        (LEGACY, canary(0), False),
    ],
)
def test_forward_is_whatever_gives_the_service_more(before, after, expected):
    assert is_forward(at(before), at(after)) is expected


@pytest.mark.parametrize(
    ("step", "expected"),
    [(LEGACY, 0), (SHADOW, 100), (Step(stage=RolloutStage.SHADOW, percent=Decimal(10)), 10), (LIVE, 5)],
)
def test_in_shadow_the_rollout_says_what_is_compared_and_later_the_topology(step, expected):
    assert compared_percent(at(step), in_service=Decimal(5)) == expected
