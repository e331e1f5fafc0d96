"""The fence is asked for when what is left fits into the budget, at the pace that was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest

from strangler.move.catching_up import SHARE, WINDOW, CatchingUp
from strangler.move.errors import MoveError
from strangler.move.proving import Compared

SECOND = timedelta(seconds=1)
ROUND_TRIP = 0.005


@dataclass
class Site:
    """Writers, a changelog and notes in a time of their own; speeds are per second."""

    rate: float = 0
    waiting: float = 0
    following: float = 10_000
    comparing: float = 20_000
    now: float = 1_000
    noted: int = 0
    beats: int = 0
    failures: list = field(default_factory=list)
    log = "log"

    def clock(self):
        self.now += 0.0001
        return self.now

    def work(self, seconds):
        self.now += seconds
        self.waiting += self.rate * seconds

    def step(self):
        if self.failures:
            raise self.failures.pop()
        count = int(min(self.waiting, 2_000))
        self.work(ROUND_TRIP + count / self.following)
        self.waiting -= count
        self.noted += count
        return count

    def lessen(self):
        noted, self.noted = self.noted, 0
        while noted:
            keys = min(noted, 10_000)
            noted -= keys
            self.work(ROUND_TRIP + keys / self.comparing)
            yield Compared(keys=keys, differing=0, left=noted)

    def backlog(self, _log):
        return int(self.waiting), self.waiting / self.rate if self.rate else 0.0

    def beat(self):
        self.beats += 1

    def catch_up(self, *, budget=SECOND):
        """Catch up and return how many seconds that took."""
        began = self.now
        end = SimpleNamespace(backlog=self.backlog, recover=lambda: None)
        CatchingUp(
            service="images",
            budget=budget,
            pair=SimpleNamespace(source=end, target=end),
            followers=[self],
            prover=self,
            beat=self.beat,
            clock=self.clock,
        ).run()
        return self.now - began

    @property
    def pause(self):
        """How long writers would wait now."""
        return self.waiting / self.following + (self.waiting + self.noted) / self.comparing


def test_a_site_at_rest_is_caught_up_with_at_once():
    assert Site(waiting=3).catch_up() < 0.1


@pytest.mark.parametrize("rate", [200, 2_000, 4_000])
def test_what_is_left_takes_a_share_of_the_budget(rate):
    site = Site(rate=rate, waiting=50_000)
    site.catch_up()
    assert site.pause < 1.2 * SHARE


def test_a_slow_machine_follows_for_longer_rather_than_have_writers_wait():
    site = Site(rate=150, waiting=2_000, following=500, comparing=1_000)
    site.catch_up()
    assert site.pause < 1.2 * SHARE
    assert site.waiting < 200


def test_a_larger_budget_leaves_more():
    small, large = (Site(rate=4_000, waiting=20_000) for _ in range(2))
    assert large.catch_up(budget=5 * SECOND) <= small.catch_up()
    assert large.waiting >= small.waiting


def test_a_long_way_is_gone_as_long_as_it_becomes_less():
    site = Site(rate=5_000, waiting=1_500_000)
    assert site.catch_up() > 5 * WINDOW.total_seconds()
    assert site.beats > WINDOW.total_seconds()


def test_writers_that_are_faster_end_it_with_a_reason():
    with pytest.raises(MoveError, match=r"grows faster than it can be followed and compared: \d+ changes"):
        Site(rate=12_000, waiting=20_000).catch_up()


def test_a_budget_that_nothing_fits_into_ends_it_with_a_reason():
    with pytest.raises(MoveError, match=r"never takes less than 25% of the 0.01 s .* --budget-ms"):
        Site(rate=3_000, waiting=2_000).catch_up(budget=SECOND / 100)
