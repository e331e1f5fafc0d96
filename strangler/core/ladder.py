"""The steps on which a seam goes to its service, and what is forward and back on them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from strangler.core.stages import FULL, PERCENT_STAGES, Rollout, RolloutStage, format_percent

if TYPE_CHECKING:
    from collections.abc import Iterable

_ORDER = list(RolloutStage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A place that any seam can stand at: a stage, with its percentage where the stage has one."""

    stage: RolloutStage
    percent: Decimal = Decimal(0)

    @classmethod
    def of(cls, rollout: Rollout) -> Step:
        """Return the step that *rollout* stands on."""
        return cls(stage=rollout.stage, percent=rollout.percent)

    def __str__(self) -> str:
        """Return what an operator would type: `canary 25`."""
        has_percent = self.stage in PERCENT_STAGES
        return f"{self.stage} {format_percent(self.percent)}" if has_percent else self.stage

    @property
    def share(self) -> Decimal:
        """Percent of keys on the service."""
        is_serving = self.stage in {RolloutStage.CANARY, RolloutStage.LIVE}
        return self.percent if is_serving else Decimal(0)

    @property
    def rank(self) -> tuple[Decimal, int]:
        """Say how far along it is; comparable."""
        return (self.share, _ORDER.index(self.stage))


LIVE = Step(stage=RolloutStage.LIVE, percent=FULL)
STEPS = (
    Step(stage=RolloutStage.SHADOW, percent=FULL),
    *(Step(stage=RolloutStage.CANARY, percent=Decimal(percent)) for percent in (1, 5, 25, 50)),
    LIVE,
)
"""The ladder: everything is compared, then 1, 5, 25, 50 and 100 % of the clients go to the service."""


def next_step(at: Step, *, to: Step) -> Step | None:
    """Return the step that follows *at* on the way to *to*; None where *at* is that far already.

    *to* need not be on the ladder: it is then the step after the last one below it.
    """
    if at.rank >= to.rank:
        return None
    return next((step for step in STEPS if at.rank < step.rank < to.rank), to)


def is_gated(step: Step, *, after: Step, gates: Iterable[Step]) -> bool:
    """Whether somebody has to approve going from *after* to *step*: a gate is at it or between them."""
    return any(after.rank < gate.rank <= step.rank for gate in gates)


def is_forward(before: Rollout, after: Rollout) -> bool:
    """Whether *after* gives the service more of the work than *before*; comparing alone does not."""
    was, now = Step.of(before), Step.of(after)
    return now.share > 0 and now.rank > was.rank
