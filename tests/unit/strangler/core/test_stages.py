"""Stages of a rollout and the moves between them."""

from decimal import Decimal

import pytest

from strangler.core.stages import Rollout, RolloutStage, advance, format_percent, parse_percent
from strangler.errors import TransitionError, UnknownStageError

SEAM = "images.upload"


@pytest.mark.parametrize("start", list(RolloutStage))
@pytest.mark.parametrize("stage", [RolloutStage.LEGACY, RolloutStage.LIVE])
def test_legacy_and_live_are_one_step_away_from_everywhere(start, stage):
    after = advance(Rollout(seam=SEAM, stage=start, percent=Decimal(5)), stage=stage)
    assert after == Rollout(seam=SEAM, stage=stage, percent=Decimal(100 if stage is RolloutStage.LIVE else 0))


def test_canary_without_a_percentage_says_how_to_give_one():
    with pytest.raises(TransitionError, match=r"rollout images\.upload canary 5"):
        advance(Rollout(seam=SEAM), stage=RolloutStage.CANARY)


def test_a_percentage_with_live_is_refused():
    with pytest.raises(TransitionError, match="live takes no percentage"):
        advance(Rollout(seam=SEAM), stage=RolloutStage.LIVE, percent=Decimal(50))


@pytest.mark.parametrize(
    ("text", "expected"), [("25", "25"), ("0.5", "0.5"), ("12.25%", "12.25"), ("100", "100")]
)
def test_percentages_are_read_exactly(text, expected):
    assert parse_percent(text, seam=SEAM) == Decimal(expected)


@pytest.mark.parametrize("text", ["101", "-1", "0.001", "many", "nan", "inf", "1e9", ""])
def test_what_is_no_percentage_is_refused_with_the_seam_named(text):
    with pytest.raises(TransitionError, match=r"images\.upload"):
        parse_percent(text, seam=SEAM)


@pytest.mark.parametrize(("percent", "text"), [("25.00", "25"), ("0.50", "0.5"), ("100", "100"), ("0", "0")])
def test_percentages_are_printed_without_trailing_zeros(percent, text):
    assert format_percent(Decimal(percent)) == text


def test_an_unknown_stage_names_the_nearest_one():
    with pytest.raises(UnknownStageError, match="Did you mean 'canary'"):
        RolloutStage.parse("canari")


def test_a_rollout_prints_what_an_operator_would_type():
    assert str(Rollout(seam=SEAM, stage=RolloutStage.CANARY, percent=Decimal("25.00"))) == "canary 25"
    assert str(Rollout(seam=SEAM)) == "legacy"
