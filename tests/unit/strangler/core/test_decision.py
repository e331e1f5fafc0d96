"""Decisions: sticky, monotone, and the same numbers as nginx."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.decision import Decision, Reason, Side, bucket, decide, murmur2, threshold
from strangler.core.stages import Rollout, RolloutStage

SEAM = "images.upload"
keys = st.text(min_size=1, max_size=60)
percents = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)


def canary(percent) -> Rollout:
    return Rollout(seam=SEAM, stage=RolloutStage.CANARY, percent=Decimal(percent))


def side_of(key: str, percent) -> Side:
    return decide(canary(percent), key=key).side


# Made with nginx 1.22 (`split_clients`), see tests/integration/strangler/test_decision_nginx.py, which asks a
# running nginx about thousands of keys.
@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0), (b"a", 0x92685F5E), (b"test", 403862830), (b"abcde", 1594468574)],
)
def test_murmur2_gives_the_published_values(data, expected):
    assert murmur2(data) == expected


def test_a_quarter_of_many_keys_goes_to_the_service_at_25_percent():
    on_service = sum(side_of(f"visitor-{n}", 25) is Side.SERVICE for n in range(100_000))
    assert 24_000 <= on_service <= 26_000


def test_going_from_25_to_50_percent_takes_nobody_back():
    early = {n for n in range(100_000) if side_of(f"visitor-{n}", 25) is Side.SERVICE}
    late = {n for n in range(100_000) if side_of(f"visitor-{n}", 50) is Side.SERVICE}
    assert early < late
    assert 49_000 <= len(late) <= 51_000


@given(key=keys, low=percents, high=percents)
def test_a_key_on_the_service_stays_there_at_every_higher_percentage(key, low, high):
    low, high = sorted((low, high))
    if side_of(key, low) is Side.SERVICE:
        assert side_of(key, high) is Side.SERVICE


@given(key=keys)
def test_zero_percent_is_nobody(key):
    assert side_of(key, 0) is Side.LEGACY


@given(key=keys)
def test_seams_split_clients_independently_of_each_other(key):
    assert bucket(key, seam="a.b") == murmur2(f"{key}a.b".encode())


def test_two_seams_do_not_send_the_same_clients_first():
    both = sum(
        bucket(str(n), seam="images.upload") < threshold(Decimal(50))
        and bucket(str(n), seam="email.welcome") < threshold(Decimal(50))
        for n in range(20_000)
    )
    assert 4_500 <= both <= 5_500


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("0", 0), ("0.01", 429496), ("25", 1073741823), ("99.99", 4294537798), ("100", 0xFFFFFFFF)],
)
def test_thresholds_are_computed_in_whole_numbers_as_nginx_does(percent, expected):
    assert threshold(Decimal(percent)) == expected


@pytest.mark.parametrize(
    ("stage", "side"), [(RolloutStage.LEGACY, Side.LEGACY), (RolloutStage.LIVE, Side.SERVICE)]
)
def test_legacy_and_live_send_everybody_to_one_side(stage, side):
    decision = decide(Rollout(seam=SEAM, stage=stage), key="anybody")
    assert decision == Decision(seam=SEAM, side=side, reason=Reason.STAGE)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("stage", list(RolloutStage))
def test_an_override_wins_over_every_stage(stage, side):
    decision = decide(Rollout(seam=SEAM, stage=stage, percent=Decimal(50)), key="me", override=side)
    assert (decision.side, decision.reason) == (side, Reason.OVERRIDE)


def test_a_seam_without_legacy_always_goes_to_the_service():
    decision = decide(Rollout(seam=SEAM), key="me", override=Side.LEGACY, has_legacy=False)
    assert (decision.side, decision.reason) == (Side.SERVICE, Reason.NO_LEGACY)


def test_a_decision_prints_the_form_that_travels():
    assert str(decide(canary(100), key="a")) == "images.upload=service;canary"
