"""The worker of the shadow room: claims captures, has both sides compared, writes down what was found, guards rollouts.

Several may run: a capture is claimed by one, and what is found is written in the transaction that settles it, so that
each capture counts once. One that is killed loses nothing; its captures come back when its lease ends. The users do not
notice any of it. Only this module's thread uses the database; the crew's threads wait for the sides.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from strangler.conf import config
from strangler.rollout import guard
from strangler.shadow import captures, findings, rules
from strangler.shadow.comparing import compare_capture
from strangler.shadow.crew import Crew, Done, Job
from strangler.shadow.noise import Learner
from strangler.shadow.replaying import Replayer
from strangler.shadow.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from strangler.core.comparison import Rule
    from strangler.shadow.comparing import Outcome

logger = logging.getLogger(__name__)

TICK_EVERY = timedelta(seconds=1)
PRUNE_EVERY = timedelta(minutes=10)
READ_RULES_EVERY = timedelta(seconds=2)
POLL_EVERY = timedelta(milliseconds=250)
WAIT_FOR_DATABASE = timedelta(seconds=1)
END_WITHIN = timedelta(seconds=3)
QUESTIONS = 3  # that one capture can need: to the candidate, and twice to legacy


@dataclass(slots=True)
class WorkReport:
    """What a worker did."""

    compared: int = 0
    matched: int = 0
    unobserved: int = 0
    buried: int = 0


class Worker:
    """One worker; `run` in the thread that uses the database, `stop` from anywhere.

    Args:
        replayer: asks the sides.
        threads: how many captures are replayed at the same time.
        is_guard: tick the guards of the rollouts, too.
    """

    def __init__(
        self, *, replayer: Replayer | None = None, threads: int | None = None, is_guard: bool = True
    ) -> None:
        self.report = WorkReport()
        self.token = secrets.token_hex(16)
        self._replayer = replayer or Replayer()
        self._crew = Crew(self._compare, size=threads or config().shadow_threads)
        self._learner = Learner()
        self._sampling = Sampling()
        self._is_guard = is_guard
        self._stop = threading.Event()
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._last: dict[str, float] = {}

    @property
    def lease(self) -> timedelta:
        """How long a claim is valid: longer than all that one capture may take."""
        return (config().shadow_timeout + timedelta(seconds=5)) * (QUESTIONS + 1)

    def run(self) -> None:
        """Work until `stop`; a database that is away is waited for."""
        try:
            while not self._stop.is_set():
                self._turn()
        finally:
            self._end()

    def drain(self) -> None:
        """Compare what waits, and return."""
        try:
            while self._step() or self._crew.held:
                pass
        finally:
            self._end()

    def stop(self) -> None:
        """Claim nothing more; `run` returns soon."""
        self._stop.set()

    def _turn(self) -> None:
        connections[config().database].close_if_unusable_or_obsolete()
        try:
            if self._is_guard:
                self._every(TICK_EVERY, "tick", lambda: guard.tick_all(timezone.now()))
            self._every(PRUNE_EVERY, "prune", self._prune)
            if not self._step() and not self._crew.held:
                self._stop.wait(POLL_EVERY.total_seconds())
        except DatabaseError as error:
            logger.warning("The shadow worker waits for the database: %s", error)
            self._stop.wait(WAIT_FOR_DATABASE.total_seconds())

    def _step(self) -> bool:
        """Claim what there are threads for, and write down what is done; returns whether there was anything."""
        claimed = self._claim()
        done = self._crew.take(within=POLL_EVERY) if self._crew.held else None
        has_worked = bool(claimed or done)
        while done is not None:
            self._write_down(done)
            done = self._crew.take(within=timedelta(0))
        return has_worked

    def _claim(self) -> int:
        """Claim for all threads that are free, once half of them are: each claim is a transaction that others feel."""
        if self._crew.free * 2 < self._crew.size or not self._has_new():
            return 0
        found = captures.claim(self._crew.free, lease=self.lease, token=self.token)
        if found:
            self._every(READ_RULES_EVERY, "rules", self._rules.clear)
        for capture in found:
            known = self._rules.get(capture.seam) or rules.rules_of(capture.seam)
            self._rules[capture.seam] = known
            is_sample = self._sampling.takes(capture)
            self._crew.give(Job(capture=capture, rules=known, is_sample=is_sample))
        return len(found)

    def _has_new(self) -> bool:
        """Look before anything is locked: an idle worker must not make writers wait on SQLite."""
        return captures.count_pending(limit=len(self._crew.held) + 1) > len(self._crew.held)

    def _compare(self, job: Job) -> Outcome:
        return compare_capture(
            job.capture, rules=job.rules, replay=self._replayer.replay, is_sample=job.is_sample
        )

    def _write_down(self, done: Done) -> None:
        capture = done.job.capture
        if done.outcome is None:
            logger.error("%s: capture %s can't be compared", capture.seam, capture.id, exc_info=done.error)
            captures.bury([capture.id], token=self.token, reason=repr(done.error))
            self.report.buried += 1
        elif findings.store(
            done.outcome, settle=lambda: bool(captures.settle([capture.id], token=self.token))
        ):
            self._count(done.outcome)
            self._learner.learn(done.outcome)

    def _count(self, outcome: Outcome) -> None:
        if outcome.result.differences is None:
            self.report.unobserved += 1
        else:
            self.report.compared += 1
            self.report.matched += not outcome.result.differences

    def _prune(self) -> None:
        findings.prune(retention=config().shadow_retention, now=timezone.now())
        captures.prune(older_than=config().shadow_retention, now=timezone.now())

    def _every(self, interval: timedelta, name: str, do: Callable[[], Any]) -> None:
        now = time.monotonic()
        if now - self._last.get(name, float("-inf")) >= interval.total_seconds():
            self._last[name] = now
            do()

    def _end(self) -> None:
        """Write down what is done within a moment, and give the rest to others."""
        deadline = time.monotonic() + END_WITHIN.total_seconds()
        self._crew.dismiss()
        try:
            while self._crew.held and time.monotonic() < deadline:
                done = self._crew.take(within=POLL_EVERY)
                if done is not None:
                    self._write_down(done)
            captures.give_back([job.capture.id for job in self._crew.held], token=self.token)
        except DatabaseError as error:
            logger.warning("Captures come back when the lease ends, the database says: %s", error)
        self._replayer.close()
