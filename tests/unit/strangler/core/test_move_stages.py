"""The stages of a move follow each other, and never in a way that leaves rows behind."""

from __future__ import annotations

import pytest

from strangler.core.stages import MOVE_TRANSITIONS, MoveStage, advance_move
from strangler.errors import MoveTransitionError


def test_every_stage_says_what_may_follow():
    assert set(MOVE_TRANSITIONS) == set(MoveStage)


def test_the_whole_way_and_back_is_allowed():
    way = [
        "created",
        "copying",
        "following",
        "verified",
        "switched",
        "reversed",
        "verified",
        "switched",
        "completed",
    ]
    at = MoveStage.CREATED
    for word in way[1:]:
        at = advance_move(at, stage=MoveStage(word), move="images")
    assert at.is_final


def test_asking_for_the_current_stage_is_no_change():
    assert advance_move(MoveStage.COMPLETED, stage=MoveStage.COMPLETED, move="images") is MoveStage.COMPLETED


@pytest.mark.parametrize(
    "stage", [MoveStage.CREATED, MoveStage.COPYING, MoveStage.FOLLOWING, MoveStage.REVERSED]
)
def test_only_verified_tables_are_switched(stage):
    with pytest.raises(MoveTransitionError, match="can't become switched"):
        advance_move(stage, stage=MoveStage.SWITCHED, move="images")


def test_a_switched_move_cannot_be_cancelled():
    with pytest.raises(MoveTransitionError, match="completed, reversed"):
        advance_move(MoveStage.SWITCHED, stage=MoveStage.CANCELLED, move="images")
