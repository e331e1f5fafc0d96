"""Which pieces of work are compared, and that nothing of it disturbs the work."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from strangler import effects, observing
from strangler.core.stages import Rollout, RolloutStage
from strangler.observing import EffectsRecording, Loss, is_wanted, suspended
from tests.unit.strangler.facade.samples import route


class Observer:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lost: list[tuple[str, Loss]] = []
        self.asked = 0
        self.is_free = True

    def has_room(self, _seam: str) -> bool:
        self.asked += 1
        return self.is_free

    def offer(self, draft) -> None:
        raise AssertionError(draft)

    def lose(self, seam: str, loss: Loss) -> None:
        self.lost.append((seam, loss))


@pytest.fixture
def observer(monkeypatch):
    observer = Observer()
    monkeypatch.setattr(observing, "_observer", observer)
    return observer


def stands(stage: RolloutStage, percent: str = "0") -> Rollout:
    return Rollout(seam="images.page", stage=stage, percent=Decimal(percent))


def count(seam, rollout, *, of=20_000):
    random.seed(4)
    return sum(is_wanted(seam, rollout) for _ in range(of))


@pytest.mark.parametrize(("percent", "expected"), [("0", 0), ("0.5", 100), ("25", 5_000), ("100", 20_000)])
def test_in_shadow_the_share_that_the_rollout_says_is_compared(observer, percent, expected):
    found = count(route(), stands(RolloutStage.SHADOW, percent))
    assert abs(found - expected) <= 0.15 * expected
    if percent in {"0", "100"}:
        assert found == expected


@pytest.mark.parametrize("stage", [RolloutStage.CANARY, RolloutStage.LIVE])
def test_later_it_is_the_share_that_the_topology_says(observer, stage):
    assert count(route(), stands(stage, "50"), of=500) == 0
    assert count(route(compare_percent=Decimal(100)), stands(stage, "50"), of=500) == 500


def test_nothing_is_compared_at_legacy_or_without_a_legacy_side_or_an_observer(observer, monkeypatch):
    always = stands(RolloutStage.SHADOW, "100")
    assert not is_wanted(route(compare_percent=Decimal(100)), stands(RolloutStage.LEGACY))
    assert not is_wanted(route(has_legacy=False), always)
    assert observer.asked == 0
    monkeypatch.setattr(observing, "_observer", None)
    assert not is_wanted(route(), always)
    observing.lose("images.page", Loss.ERROR)  # and there is nobody to tell


def test_a_replay_is_not_captured_again(observer):
    always = stands(RolloutStage.SHADOW, "100")
    with suspended():
        assert not is_wanted(route(), always)
    assert is_wanted(route(), always)


def test_without_room_nothing_is_wanted(observer):
    observer.is_free = False
    assert not is_wanted(route(), stands(RolloutStage.SHADOW, "100"))


def test_a_recording_that_breaks_breaks_nothing_else(monkeypatch, caplog):
    def broken():
        raise RuntimeError("no wrapper")

    monkeypatch.setattr(effects, "record", broken)
    recording = EffectsRecording()
    recording.start()
    recording.stop()
    assert recording.effects is None
    assert "Effects can't be recorded" in caplog.text
