"""Follow and compare while writers go on, until what is left can be done while they wait.

Note [Little enough]: no number of changes is little for every machine. What is left behind the fence is foretold by how fast
this machine has just followed and compared: the entries of the changelog have to be followed, and their keys and those that
differ compared. The fence is asked for when that takes no more than `SHARE` of the budget. Most of the rest is for the lock, and some of
it for changes that are committed until the lock is granted. So a bulk update just before makes the switch wait, and not the site.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from strangler.errors import MoveError
from strangler.move.following import ENTRIES
from strangler.move.pace import Pace
from strangler.move.proving import Compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from strangler.move.databases import Pair
    from strangler.move.following import Follower
    from strangler.move.proving import Prover

SHARE = 0.25  # of the budget
TURN = timedelta(seconds=1)  # of following, before the next sign of life
WINDOW = timedelta(seconds=30)
GAIN = timedelta(seconds=1)  # of what is left, that a window has to bring for it to be progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left: *entries* in the changelogs, the oldest of an *age*, and the *seconds* that all will take."""

    entries: int
    age: float
    seconds: float


@dataclass(slots=True, kw_only=True)
class CatchingUp:
    """One way to the fence.

    Args:
        service: that the tables move to, for messages.
        budget: how long writers may wait.
        pair: from the owner to the next one.
        followers: one for each table.
        prover: compares what was followed.
        beat: is called before each round, to stay the holder; may raise.
        clock: seconds that only grow.
    """

    service: str
    budget: timedelta
    pair: Pair
    followers: Sequence[Follower]
    prover: Prover
    beat: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    _following: Pace = field(default_factory=Pace, init=False)
    _comparing: Pace = field(default_factory=Pace, init=False)
    _pass: Iterator[Compared] | None = field(default=None, init=False)
    _keys: int = field(default=0, init=False)  # that the pass at hand has not compared yet
    _fresh: int = field(default=0, init=False)  # that were noted since it began

    def run(self) -> None:
        """Return when little enough is left. See Note [Little enough].

        Raises:
            MoveError: for a whole window it became no less, though nothing else was done.
        """
        least, before, until = math.inf, math.inf, self.clock() + WINDOW.total_seconds()
        while (left := self._round()).seconds > SHARE * self.budget.total_seconds():
            least = min(least, left.seconds)
            if self.clock() > until:
                if least > before - GAIN.total_seconds():
                    raise self._too_much(left, grows=least > before + GAIN.total_seconds())
                least, before, until = math.inf, least, self.clock() + WINDOW.total_seconds()

    def _round(self) -> Left:
        """Follow for about `TURN`, compare a portion, and measure what is left."""
        self.beat()
        self._follow()
        self._compare()
        logs = [self.pair.source.backlog(follower.log) for follower in self.followers]
        entries = sum(count for count, _ in logs)
        return Left(
            entries=entries,
            age=max((age for _, age in logs), default=0.0),
            seconds=self._following.foretell(entries)
            + self._comparing.foretell(entries + self._keys + self._fresh),
        )

    def _follow(self) -> None:
        until = self.clock() + TURN.total_seconds()
        while max(self._step(follower) for follower in self.followers) == ENTRIES and self.clock() < until:
            pass

    def _step(self, follower: Follower) -> int:
        """Follow a step; 0 where a long transaction stands in the way, which the lock will meet, too."""
        began = self.clock()
        try:
            count = follower.step()
        except DatabaseError as error:
            if not self.pair.source.is_retryable(error):
                raise
            for end in (self.pair.source, self.pair.target):
                end.recover()
            return 0
        self._following.measured(count, seconds=self.clock() - began)
        self._fresh += count
        return count

    def _compare(self) -> None:
        began = self.clock()
        if self._pass is None:
            self._pass, self._keys, self._fresh = self.prover.lessen(), 0, 0
        compared = next(self._pass, Compared(keys=0, differing=0))
        if not compared.left:
            self._pass = None
        self._comparing.measured(compared.keys, seconds=self.clock() - began)
        self._fresh += compared.differing
        self._keys = compared.left

    def _too_much(self, left: Left, *, grows: bool) -> MoveError:
        what = f"{left.entries} changes wait, the oldest for {left.age:.1f} s"
        why = (
            "the changelog grows faster than it can be followed and compared"
            if grows
            else f"what is left never takes less than {SHARE:.0%} of the {self.budget.total_seconds():g} s for which writers may wait"
        )
        hint = "Try again in a quieter hour, or allow more with --budget-ms."
        return MoveError(f"{why}: {what}. {hint}", move=self.service)
