"""A seam with traffic in a world whose clock is turned by hand: months pass in a second, no database is there."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from strangler.core.evidence import Parity
from strangler.core.ladder import LIVE, Step
from strangler.core.latency import bucket_of
from strangler.core.paths import PathPattern
from strangler.core.plan import Plan
from strangler.core.seams import Route
from strangler.core.stages import Rollout, RolloutStage
from strangler.core.tallied import Outcome, health_of
from strangler.core.verdict import Targets
from strangler.rollout.guard import Guard

SEAM = "images.upload"
MONDAY = datetime(2026, 3, 2, 0, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
QUICK = timedelta(milliseconds=80)


def make_route(*, gates=(), **targets):
    return Route(
        name=SEAM,
        service="images",
        pattern=PathPattern.parse("/photos/upload/"),
        methods=frozenset({"POST"}),
        targets=Targets(**targets),
        gates=gates,
    )


@dataclass
class Behaviour:
    """What the two sides do; each may be a number or change while the world turns."""

    per_second: float = 20
    failing: float = 0
    falling_back: float = 0
    legacy_failing: float = 0
    differing: float = 0
    compared: float = 0
    took: timedelta = QUICK


class Traffic:
    """Everything that was ever asked, counted as the tallies count it; a guard's source."""

    def __init__(self, seed):
        self.behaviour = Behaviour()
        self.minutes_by = {}
        self._random = random.Random(seed)
        self._times, self._totals, self._parities = [], [], []
        self._total, self._compared, self._matched, self._due = Counter(), 0, 0, 0.0

    def flow(self, rollout, *, now, length):
        """Let *length* pass until *now* with the seam at *rollout*."""
        self._due += self.behaviour.per_second * length.total_seconds()
        asked = self._ask(rollout, times=int(self._due))
        self._due -= int(self._due)
        self.minutes_by.setdefault(now.replace(second=0, microsecond=0), Counter()).update(asked)
        self._total.update(asked)
        self._times.append(now)
        self._totals.append(self._total.copy())
        self._parities.append((self._compared, self._matched))

    def _ask(self, rollout, *, times):
        """Return what is counted of so many requests; nothing is looked up for each, since there are millions."""
        behaviour, chance = self.behaviour, self._random.random
        share = float(Step.of(rollout).share) / 100
        is_shadow = rollout.stage is RolloutStage.SHADOW
        sorts = Counter()
        for _ in range(times):
            if is_shadow or (share and chance() < behaviour.compared):
                self._compared += 1
                self._matched += chance() >= behaviour.differing
            if chance() >= share:
                sorts["legacy", chance() < behaviour.legacy_failing] += 1
            elif chance() < behaviour.failing:
                sorts["service", True] += 1
            elif chance() < behaviour.falling_back:
                sorts["fallback", False] += 1
            else:
                sorts["service", False] += 1
        asked = Counter()
        for (side, is_failed), count in sorts.items():
            for key in self._keys(side, is_failed=is_failed):
                asked[key] += count
        return asked

    def _keys(self, side, *, is_failed):
        """Return what is counted of one request."""
        if side == "fallback":
            return [("service", Outcome.FALLBACK.value), ("legacy", Outcome.DONE.value)]
        outcome = Outcome.FAILED if is_failed else Outcome.DONE
        took = QUICK if side == "legacy" else self.behaviour.took
        return [(side, outcome.value), (side, bucket_of(took))]

    def parity(self, seam, *, since):
        assert seam == SEAM
        number = bisect_right(self._times, since)
        before = self._parities[number - 1] if number else (0, 0)
        compared, matched = self._compared - before[0], self._matched - before[1]
        return Parity(compared=compared, matched=matched, shapes={"a": compared} if compared else {})

    def health(self, seam, *, since):
        assert seam == SEAM
        number = bisect_right(self._times, since)
        return health_of(self._total - (self._totals[number - 1] if number else Counter()))

    def minutes(self, seam, *, since):
        assert seam == SEAM
        minute, counts = since.replace(second=0, microsecond=0), Counter()
        while minute <= max(self.minutes_by):
            for (side, what), count in self.minutes_by.get(minute, {}).items():
                counts[minute, side, what] = count
            minute += timedelta(minutes=1)
        return counts


class Shelf:
    """Plan and rollout of the seam, versioned as in the database; a guard's store."""

    def __init__(self, plan):
        self.plan = plan
        self.rollout = Rollout(seam=SEAM, stage=plan.at.stage, percent=plan.at.percent)
        self.moves = []
        self.verdicts = []

    def read(self, seam):
        assert seam == SEAM
        return self.plan

    def position(self, seam):
        assert seam == SEAM
        return self.rollout

    def save(self, before, after, *, verdict=""):
        if before.version != self.plan.version:
            return False
        self.plan = replace(after, version=before.version + 1)
        if after.at != before.at:
            self.rollout = Rollout(seam=SEAM, stage=after.at.stage, percent=after.at.percent)
            self.moves.append(str(after.at))
            self.verdicts.append(verdict)
        return True


@dataclass
class World:
    """The seam, its traffic, its plan to live, and a guard that looks once per step of the clock."""

    seam: Route = field(default_factory=make_route)
    to: Step = LIVE
    at: Step = Step(stage=RolloutStage.LEGACY)  # noqa: RUF009 - frozen
    now: datetime = MONDAY
    seed: int = 4

    def __post_init__(self):
        self.traffic = Traffic(self.seed)
        times = dict.fromkeys(("started_at", "step_since", "evidence_since"), self.now)
        self.shelf = Shelf(Plan(seam=SEAM, to=self.to, at=self.at, actor="ann", **times))
        self.guard = self.make_guard()

    @property
    def plan(self):
        return self.shelf.plan

    @property
    def behaviour(self):
        return self.traffic.behaviour

    def make_guard(self, store=None):
        return Guard(self.seam, source=self.traffic, store=store or self.shelf)

    def approve(self, step):
        self.shelf.plan = replace(self.plan, approved=step, version=self.plan.version + 1)

    def flow(self, length=SECOND):
        self.now += length
        self.traffic.flow(self.shelf.rollout, now=self.now, length=length)

    def turn(self, length, *, every=SECOND, until=lambda world: False, each=lambda world: None):
        """Let *length* pass; return whether *until* came true."""
        end = self.now + length
        while self.now < end:
            each(self)
            self.flow(every)
            self.guard.tick(self.now)
            if until(self):
                return True
        return False

    def turn_to(self, step, *, within=timedelta(hours=3)):
        """Let time pass until the seam is at *step*, seen on a clock of seconds."""
        assert self.turn(within, until=lambda world: str(world.plan.at) == step), self.plan
