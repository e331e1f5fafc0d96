"""The guard decides right in simulated weeks; every clock is passed in."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from strangler.core.ladder import LIVE, Step
from strangler.core.plan import PlanStatus
from strangler.core.stages import Rollout, RolloutStage
from tests.unit.strangler.rollout.simulation import MONDAY, SEAM, SECOND, Shelf, World, make_route

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
WAY = ["shadow 100", "canary 1", "canary 5", "canary 25", "canary 50", "live"]


def is_over(world):
    return world.plan.status.is_over


def is_waiting(world):
    return world.plan.status is PlanStatus.WAITING


def canary(percent):
    return Step(stage=RolloutStage.CANARY, percent=Decimal(percent))


def test_both_sides_alike_go_through_all_steps_and_stay_on_each():
    world = World()
    reached = {}
    assert world.turn(
        DAY, every=5 * SECOND, until=is_over, each=lambda w: reached.setdefault(str(w.plan.at), w.now)
    )
    assert world.shelf.moves == WAY
    assert world.plan.status is PlanStatus.DONE
    assert world.plan.reason == "It has proved itself at live."
    stays = [reached[later] - reached[step] for step, later in pairwise(WAY)]
    assert min(stays) >= world.seam.targets.dwell
    assert world.shelf.verdicts[0] == ""
    assert all(verdict.startswith("promote: ") for verdict in world.shelf.verdicts[1:])


def test_a_plan_to_a_canary_ends_there():
    world = World(to=canary(10))
    assert world.turn(DAY, every=5 * SECOND, until=is_over)
    assert world.shelf.moves == ["shadow 100", "canary 1", "canary 5", "canary 10"]


def test_at_5_requests_an_hour_it_holds_and_says_what_is_missing():
    """76 hours are enough to compare 381; a canary of 1 % then sees 100 requests after 83 days."""
    world = World()
    world.behaviour.per_second = 5 / 3600
    world.turn(3 * DAY, every=MINUTE)
    assert (str(world.plan.at), world.plan.status) == ("shadow 100", PlanStatus.HELD)
    assert "more matching comparisons are needed" in world.plan.reason
    assert world.plan.missing == 381 - 5 * 3 * 24
    world.turn(4 * WEEK, every=15 * MINUTE)
    assert (str(world.plan.at), world.plan.status) == ("canary 1", PlanStatus.HELD)
    assert "more requests to the service are needed" in world.plan.reason


def test_at_1_percent_mismatches_a_target_of_99_5_is_never_reached():
    world = World(seam=make_route(parity=0.995))
    world.behaviour.differing, world.behaviour.per_second = 0.01, 0.3
    world.turn(2 * WEEK, every=5 * MINUTE)
    assert world.shelf.moves == ["shadow 100"]
    assert world.plan.status is PlanStatus.HELD
    assert "more matching comparisons are needed" in world.plan.reason


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("per_second", "failing"), [(20, 0.25), (5, 1)])
def test_a_service_that_starts_failing_at_25_percent_is_at_legacy_within_5_seconds(seed, per_second, failing):
    world = World(seed=seed)
    world.turn_to("canary 25")
    world.behaviour.per_second = per_second
    world.turn(2 * MINUTE)
    world.behaviour.failing = failing
    began = world.now
    assert world.turn(5 * SECOND, until=is_over)
    assert world.now - began <= 5 * SECOND
    assert world.shelf.rollout == Rollout(seam=SEAM)
    assert world.plan.status is PlanStatus.ROLLED_BACK
    assert world.plan.reason.startswith("Back from canary 25: ")
    assert "requests failed on the service" in world.plan.reason
    assert world.shelf.verdicts[-1].startswith("roll back: ")


@pytest.mark.parametrize("seed", range(5))
def test_a_service_that_fails_half_as_often_as_it_may_is_left_alone(seed):
    """7,200 looks, each a chance of a false alarm."""
    world = World(at=canary(50), seed=seed)
    world.behaviour.failing = 0.005
    world.turn(2 * HOUR)
    assert world.plan.status is PlanStatus.HELD


def test_fallbacks_take_it_back():
    world = World(at=canary(50))
    world.turn(2 * MINUTE)
    world.behaviour.falling_back = 0.3
    assert world.turn(10 * SECOND, until=is_over)
    assert "fell back to legacy" in world.plan.reason


def test_a_service_that_grows_slow_is_taken_back():
    world = World(at=canary(50))
    world.turn(2 * MINUTE)
    world.behaviour.took = timedelta(seconds=2)
    assert world.turn(MINUTE, until=is_over)
    assert "The service's p99 is" in world.plan.reason


def test_a_slow_service_that_answers_everybody_is_held_against_what_legacy_did_before():
    world = World()
    world.turn_to("live")
    world.turn(2 * MINUTE)
    world.behaviour.took = timedelta(seconds=2)
    assert world.turn(MINUTE, until=is_over)
    assert world.shelf.rollout == Rollout(seam=SEAM)


def test_failures_too_rare_for_a_window_are_found_over_the_step():
    """One request in ten minutes: no window of 30 seconds ever sees two of them."""
    world = World(at=canary(50))
    world.behaviour.per_second, world.behaviour.failing = 1 / 300, 1
    assert world.turn(2 * HOUR, every=10 * SECOND, until=is_over)
    assert world.plan.status is PlanStatus.ROLLED_BACK


def test_failures_of_both_sides_are_not_the_service_s():
    world = World(at=canary(50))
    world.behaviour.legacy_failing = world.behaviour.failing = 0.2
    world.turn(2 * HOUR)
    assert world.plan.status is PlanStatus.HELD


def test_mismatches_in_a_canary_take_it_back():
    world = World(at=canary(25))
    world.behaviour.compared, world.behaviour.differing = 0.1, 0.2
    assert world.turn(HOUR, until=is_over)
    assert "comparisons differ" in world.plan.reason
    assert world.shelf.moves == ["legacy"]


def test_mismatches_in_shadow_hold_and_are_told():
    world = World()
    world.behaviour.differing = 0.5
    world.turn(2 * HOUR, every=5 * SECOND)
    assert (str(world.plan.at), world.plan.status) == ("shadow 100", PlanStatus.HELD)
    assert world.plan.missing > 0


def test_a_night_without_traffic_is_no_failure():
    world = World()

    def by_day(turning):
        turning.behaviour.per_second = 1 if 6 <= turning.now.hour < 22 else 0

    world.turn(2 * WEEK, every=20 * SECOND, until=is_over, each=by_day)
    assert world.shelf.moves == WAY


def test_a_guard_that_is_killed_at_every_tick_loses_nothing():
    world = World()

    def kill(turning):
        turning.guard = turning.make_guard()

    assert world.turn(DAY, every=5 * SECOND, until=is_over, each=kill)
    assert world.shelf.moves == WAY


@pytest.mark.parametrize("step", WAY[1:])
def test_a_guard_that_takes_over_sees_what_failed_while_nobody_watched(step):
    world = World()
    world.turn_to(step)
    world.turn(MINUTE)
    world.behaviour.failing = 0.5
    for _ in range(60):
        world.flow()
    world.guard = world.make_guard()
    assert world.turn(5 * SECOND, until=is_over)
    assert world.plan.status is PlanStatus.ROLLED_BACK


def test_a_gate_waits_for_somebody_and_then_goes_on():
    world = World(seam=make_route(gates=(canary(5), LIVE)))
    world.turn(DAY, every=5 * SECOND, until=is_waiting)
    assert str(world.plan.at) == "canary 1"
    assert world.plan.reason == "Somebody has to approve canary 5: rollout images.upload approve"
    world.turn(2 * HOUR, every=5 * SECOND)
    assert str(world.plan.at) == "canary 1"
    world.approve(canary(5))
    world.turn(DAY, every=5 * SECOND, until=lambda w: is_waiting(w) and str(w.plan.at) == "canary 50")
    world.approve(LIVE)
    assert world.turn(DAY, every=5 * SECOND, until=is_over)
    assert world.plan.status is PlanStatus.DONE
    assert world.shelf.moves == WAY


def test_a_service_that_fails_while_somebody_thinks_is_taken_back():
    world = World(seam=make_route(gates=(LIVE,)))
    world.turn(DAY, every=5 * SECOND, until=is_waiting)
    world.behaviour.failing = 0.3
    assert world.turn(10 * SECOND, until=is_over)
    assert world.plan.status is PlanStatus.ROLLED_BACK


def test_a_seam_that_somebody_moved_ends_the_plan_and_stays():
    world = World()
    world.turn_to("canary 5")
    world.shelf.rollout = Rollout(seam=SEAM)
    world.turn(HOUR, every=5 * SECOND)
    assert world.plan.status is PlanStatus.STOPPED
    assert world.plan.reason == "Somebody moved it to legacy; this plan had it at canary 5."
    assert world.shelf.rollout == Rollout(seam=SEAM)


def test_two_guards_at_once_take_every_step_once():
    """Each decides on what it has read, and writes after the other has."""
    world = World()
    second = world.make_guard()

    class Racing(Shelf):
        is_inside = False

        def save(self, before, after, *, verdict=""):
            if not self.is_inside:
                self.is_inside = True
                second.tick(world.now)
                self.is_inside = False
            return super().save(before, after, verdict=verdict)

    world.shelf = Racing(world.plan)
    world.guard, second = world.make_guard(), world.make_guard()
    assert world.turn(DAY, every=5 * SECOND, until=is_over)
    assert world.shelf.moves == WAY


def test_without_a_plan_nothing_is_done():
    world = World()
    world.shelf.plan = None
    assert world.guard.tick(MONDAY) is None
