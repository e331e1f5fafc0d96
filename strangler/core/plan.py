"""A plan: how far a seam is to go by itself, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from strangler.core.ladder import Step


class PlanStatus(StrEnum):
    """How a plan is doing; the last three are its ends."""

    RUNNING = "running"
    HELD = "held"
    WAITING = "waiting for approval"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing happens any more."""
        return self in {PlanStatus.DONE, PlanStatus.ROLLED_BACK, PlanStatus.STOPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One seam's way to its target.

    Args:
        seam: name of the seam.
        to: the step that it is to reach.
        at: the step that the plan has brought it to; the plan ends if the seam stands elsewhere.
        status: how it is doing.
        actor: who made it.
        started_at: when it was made.
        step_since: when *at* was reached.
        evidence_since: comparisons, and how legacy fares, count from then on.
        reason: why it is at *at* and not further, for people.
        missing: further comparisons that are needed, if all match.
        approved: the step that somebody has approved; None for none.
        version: raised by each change, so that of two guards one is late.
    """

    seam: str
    to: Step
    at: Step
    actor: str
    started_at: datetime
    step_since: datetime
    evidence_since: datetime
    status: PlanStatus = PlanStatus.RUNNING
    reason: str = ""
    missing: int = 0
    approved: Step | None = None
    version: int = 0
