"""The guard: brings planned seams forward while both sides do the same, and takes them back when they do not.

`tick_all(now)` once a second, in any number of processes; whoever is killed loses nothing, since a plan is a row.

Note [Three kinds of evidence]: errors, fallbacks and p99 of the last seconds take a seam back, and so do the same and
mismatches over the whole step, which find what is too rare for a window. Comparisons since the seam went into shadow, and
the health of the whole step, bring it forward: what shadow has proved need not be proved again for each percentage.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from django.db import Error as DatabaseError

from strangler.conf import config
from strangler.core.decision import Side
from strangler.core.evidence import Evidence, Health, Parity
from strangler.core.ladder import Step, is_gated, next_step
from strangler.core.plan import Plan, PlanStatus
from strangler.core.stages import RolloutStage
from strangler.core.tallied import health_of
from strangler.core.verdict import Advice, Verdict, find_faults, judge
from strangler.errors import StranglerError
from strangler.rollout import changes, plans
from strangler.rollout.health import MinuteCounts, read_health, read_minutes
from strangler.rollout.parity import read_parity
from strangler.rollout.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from strangler.core.seams import Seam
    from strangler.core.stages import Rollout

logger = logging.getLogger(__name__)

NEW = timedelta(seconds=10)
YOUNG = timedelta(minutes=5)
JUDGE_EVERY = timedelta(seconds=3)  # the evidence of a whole step is a larger query than that of a window
LEGACY = Step(stage=RolloutStage.LEGACY)


class Source(Protocol):
    """Where a guard learns how the two sides of a seam do."""

    def parity(self, seam: str, *, since: datetime) -> Parity:
        """Return how often both sides did the same since a moment."""

    def health(self, seam: str, *, since: datetime) -> Mapping[Side, Health]:
        """Return how each side fared since a moment."""

    def minutes(self, seam: str, *, since: datetime) -> MinuteCounts:
        """Return what was counted in each minute, from the one of a moment on."""


class Store(Protocol):
    """Where plans and rollouts are kept."""

    def read(self, seam: str) -> Plan | None:
        """Return the plan of *seam*."""

    def position(self, seam: str) -> Rollout:
        """Return where *seam* stands."""

    def save(self, before: Plan, after: Plan, *, verdict: str = "") -> bool:
        """Write *after* and move the seam with it, unless somebody was faster than *before*."""


class Guard:
    """Watches one seam. What it holds in memory are the readings of the last seconds; all else is in the store."""

    def __init__(self, seam: Seam, *, source: Source, store: Store) -> None:
        self._seam = seam
        self._source = source
        self._store = store
        self._window: Window | None = None
        self._judged_at: datetime | None = None
        self._first_look: tuple[datetime, MinuteCounts | None] | None = None
        self._usual = Health()  # how legacy fares, for windows in which it has too little to do

    def tick(self, now: datetime) -> Plan | None:
        """Do what is to be done at *now*, and return the plan as it then is; None without one.

        Raises:
            DatabaseError: nothing was changed; the next tick tries again.
        """
        plan = self._store.read(self._seam.name)
        if plan is None or plan.status.is_over:
            return plan
        stands = self._store.position(plan.seam)
        if Step.of(stands) != plan.at:
            reason = f"Somebody moved it to {stands}; this plan had it at {plan.at}."
            return self._save(plan, replace(plan, status=PlanStatus.STOPPED, reason=reason))
        if plan.at.stage is RolloutStage.LEGACY:
            return self._go_on(plan, "", now=now)
        return self._examine(plan, now)

    def _examine(self, plan: Plan, now: datetime) -> Plan:
        is_due = self._judged_at is None or now - self._judged_at >= JUDGE_EVERY
        verdict = self._judge(plan, now) if is_due else None
        faults = self._watch(plan, now) if plan.at.share else ()
        if faults:
            return self._go_back(plan, faults, now=now)
        if verdict is None:
            return plan
        if verdict.outcome is Advice.ROLL_BACK:
            return self._go_back(plan, verdict.reasons, now=now)
        if verdict.outcome is Advice.PROMOTE:
            return self._promote(plan, verdict, now=now)
        return self._hold(plan, PlanStatus.HELD, " ".join(verdict.reasons), missing=verdict.missing)

    def _watch(self, plan: Plan, now: datetime) -> tuple[str, ...]:
        """Return what the last seconds say against the service."""
        targets = self._seam.targets
        if self._window is None or self._window.step_since != plan.step_since:
            self._window = Window(length=targets.window, step_since=plan.step_since)
        counts = self._source.minutes(plan.seam, since=self._window.reads_since(now))
        seen = self._window.add(counts, now=now)
        has_legacy = seen[Side.LEGACY].requests >= targets.min_requests
        legacy = seen[Side.LEGACY] if has_legacy else self._usual
        return find_faults(Evidence(legacy=legacy, service=seen[Side.SERVICE]), targets=targets)

    def _judge(self, plan: Plan, now: datetime) -> Verdict:
        """Return what all that is known says. See Note [Three kinds of evidence]."""
        self._judged_at = now
        targets, is_serving = self._seam.targets, plan.at.share > 0
        health = self._health_of_step(plan, now)
        self._usual = self._source.health(plan.seam, since=plan.evidence_since)[Side.LEGACY]
        fare = Evidence(legacy=self._usual, service=health[Side.SERVICE])
        if is_serving:
            on_step = replace(fare, parity=self._source.parity(plan.seam, since=plan.step_since))
            faults = find_faults(on_step, targets=targets)
            if faults:
                return Verdict(outcome=Advice.ROLL_BACK, reasons=faults)
        parity = self._source.parity(plan.seam, since=plan.evidence_since)
        return judge(replace(fare, parity=parity), targets=targets, is_serving=is_serving)

    def _health_of_step(self, plan: Plan, now: datetime) -> Mapping[Side, Health]:
        """Return how both sides fared on this step.

        The tallies know minutes only, and leave out the one in which a step began. While a step is young that is most of it, so
        what this guard found in that minute at first is subtracted instead.
        """
        age = now - plan.step_since
        if self._first_look is None or self._first_look[0] != plan.step_since:
            found = self._source.minutes(plan.seam, since=plan.step_since) if age <= NEW else None
            self._first_look = (plan.step_since, found)
        _, first = self._first_look
        if first is None or age > YOUNG:
            return self._source.health(plan.seam, since=plan.step_since)
        since = self._source.minutes(plan.seam, since=plan.step_since)
        since.subtract(first)
        counts: Counter[tuple[str, str | int]] = Counter()
        for (_, side, what), count in since.items():
            counts[side, what] += count
        return health_of(counts)

    def _promote(self, plan: Plan, verdict: Verdict, *, now: datetime) -> Plan:
        targets = self._seam.targets
        stays = plan.step_since + targets.dwell
        if now < stays:
            reason = f"All is proved; it stays at {plan.at} until {stays:%Y-%m-%d %H:%M:%S} UTC."
            return self._hold(plan, PlanStatus.RUNNING, reason)
        return self._go_on(plan, str(verdict), now=now)

    def _go_on(self, plan: Plan, verdict: str, *, now: datetime) -> Plan:
        """Go to the next step, wait for somebody's approval of it, or be done."""
        step = next_step(plan.at, to=plan.to)
        if step is None:
            return self._hold(plan, PlanStatus.DONE, f"It has proved itself at {plan.at}.")
        if is_gated(step, after=plan.at, gates=self._seam.gates) and plan.approved != step:
            reason = f"Somebody has to approve {step}: rollout {plan.seam} approve"
            return self._hold(plan, PlanStatus.WAITING, reason)
        why = verdict.partition(": ")[2] or f"On the way to {plan.to}."
        after = replace(
            plan, at=step, step_since=now, status=PlanStatus.RUNNING, reason=why, missing=0, approved=None
        )
        if plan.at.stage is RolloutStage.LEGACY:
            after = replace(after, evidence_since=now)
        return self._save(plan, after, verdict=verdict)

    def _go_back(self, plan: Plan, faults: tuple[str, ...], *, now: datetime) -> Plan:
        reason = f"Back from {plan.at}: {' '.join(faults)}"
        after = replace(plan, at=LEGACY, step_since=now, status=PlanStatus.ROLLED_BACK, reason=reason)
        logger.warning("%s: %s", plan.seam, reason)
        return self._save(plan, after, verdict=f"{Advice.ROLL_BACK}: {' '.join(faults)}")

    def _hold(self, plan: Plan, status: PlanStatus, reason: str, *, missing: int = 0) -> Plan:
        after = replace(plan, status=status, reason=reason, missing=missing)
        return plan if after == plan else self._save(plan, after)

    def _save(self, plan: Plan, after: Plan, *, verdict: str = "") -> Plan:
        """Write *after*; what another guard or a person wrote meanwhile wins."""
        if self._store.save(plan, after, verdict=verdict):
            return replace(after, version=plan.version + 1)
        return self._store.read(plan.seam) or plan


class DatabaseSource:
    """What the tallies, and whoever provides parity, know."""

    def parity(self, seam: str, *, since: datetime) -> Parity:
        """Return what `strangler.rollout.parity` knows."""
        return read_parity(seam, since=since)

    def health(self, seam: str, *, since: datetime) -> Mapping[Side, Health]:
        """Return what the tallies of all processes say."""
        return read_health(seam, since=since)

    def minutes(self, seam: str, *, since: datetime) -> MinuteCounts:
        """Return what the tallies of all processes say."""
        return read_minutes(seam, since=since)


class DatabaseStore:
    """Plans and rollouts in the database."""

    def read(self, seam: str) -> Plan | None:
        """Return the plan of *seam*."""
        return plans.read(seam)

    def position(self, seam: str) -> Rollout:
        """Return where *seam* stands, past any snapshot."""
        return changes.position(seam)

    def save(self, before: Plan, after: Plan, *, verdict: str = "") -> bool:
        """Write in one transaction."""
        return plans.save(before, after, verdict=verdict)


_guards: dict[str, Guard] = {}


def tick_all(now: datetime) -> dict[str, Plan]:
    """Let this process's guards do what is to be done for every seam with an open plan; call it once a second.

    What goes wrong with one seam is logged, keeps no other from being watched, and is tried again at the next tick.

    Returns: the plans that were open, as they now are.
    """
    ticked: dict[str, Plan] = {}
    seams = _open_seams()
    for seam in seams:
        try:
            plan = guard_of(seam).tick(now)
        except (StranglerError, DatabaseError):
            logger.exception("The guard could not look after %s", seam)
            continue
        if plan is not None:
            ticked[seam] = plan
    for seam in _guards.keys() - set(seams):
        del _guards[seam]  # its next plan begins with an empty window
    return ticked


def guard_of(seam: str) -> Guard:
    """Return this process's guard of *seam*.

    Raises:
        TransitionError, UnknownSeamError: the topology does not have it, or there is nothing to roll out.
    """
    if seam not in _guards:
        changes.position(seam)
        value = config().topology.seams[seam]
        _guards[seam] = Guard(value, source=DatabaseSource(), store=DatabaseStore())
    return _guards[seam]


def _open_seams() -> list[str]:
    try:
        return plans.read_open()
    except DatabaseError:
        logger.exception("The guard can't read the plans")
        return []
