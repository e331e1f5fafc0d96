"""Tables of the rollouts."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models

from strangler.core.ladder import Step
from strangler.core.plan import Plan, PlanStatus
from strangler.core.stages import Rollout, RolloutStage

_STAGES = [(stage.value, stage.value) for stage in RolloutStage]


class RolloutRecord(models.Model):
    """Where one seam stands; no row means legacy."""

    seam = models.CharField(max_length=100, primary_key=True)
    stage = models.CharField(max_length=16, choices=_STAGES, default=RolloutStage.LEGACY.value)
    percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "rollout"

    def __str__(self) -> str:
        return f"{self.seam}: {self.value()}"

    def value(self) -> Rollout:
        """Return the row as the value that decisions are made from."""
        return Rollout(seam=self.seam, stage=RolloutStage(self.stage), percent=self.percent)


class RolloutEvent(models.Model):
    """One change of a rollout: the audit. Rows are only ever added."""

    seam = models.CharField(max_length=100)
    from_stage = models.CharField(max_length=16)
    from_percent = models.DecimalField(max_digits=5, decimal_places=2)
    to_stage = models.CharField(max_length=16)
    to_percent = models.DecimalField(max_digits=5, decimal_places=2)
    actor = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    verdict = models.TextField(blank=True)  # what was known of both sides at that moment
    is_forced = models.BooleanField(default=False)  # forward although that was not enough
    revision = models.PositiveBigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-revision"]
        indexes: ClassVar = [models.Index(fields=["seam", "-revision"], name="strangler_event_by_seam")]

    def __str__(self) -> str:
        return f"{self.revision} {self.seam}: {self.from_stage} → {self.to_stage}"


class Revision(models.Model):
    """The version of all rollouts together: one row, raised under its lock by each change.

    A sequence would not do: a lower number can commit later, and a process that saw the higher one would
    never look again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class ProcessReport(models.Model):
    """Which revision a running process decides by."""

    process = models.CharField(max_length=200, primary_key=True)
    revision = models.PositiveBigIntegerField()
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.process} at {self.revision}"


class SeamTally(models.Model):
    """How many requests or calls of one seam ended how on which side, per minute."""

    seam = models.CharField(max_length=100)
    minute = models.DateTimeField()
    side = models.CharField(max_length=8)
    outcome = models.CharField(max_length=40)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["minute", "seam", "side", "outcome"], name="strangler_tally_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seam} {self.minute:%H:%M} {self.side} {self.outcome}: {self.count}"


class SeamLatency(models.Model):
    """How many requests or calls of one seam took how long on which side, per minute: a histogram.

    Buckets are those of `strangler.core.latency`.
    """

    seam = models.CharField(max_length=100)
    minute = models.DateTimeField()
    side = models.CharField(max_length=8)
    bucket = models.PositiveSmallIntegerField()
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["minute", "seam", "side", "bucket"], name="strangler_latency_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seam} {self.minute:%H:%M} {self.side} bucket {self.bucket}: {self.count}"


class RolloutPlan(models.Model):
    """How far one seam is to go by itself, and how far it has come; see `strangler.core.plan.Plan`.

    The last plan of a seam stays after its end, so that its reason can be read.
    """

    seam = models.CharField(max_length=100, primary_key=True)
    to_stage = models.CharField(max_length=16, choices=_STAGES)
    to_percent = models.DecimalField(max_digits=5, decimal_places=2)
    at_stage = models.CharField(max_length=16, choices=_STAGES)
    at_percent = models.DecimalField(max_digits=5, decimal_places=2)
    status = models.CharField(max_length=24, choices=[(each.value, each.value) for each in PlanStatus])
    reason = models.TextField(blank=True)
    missing = models.PositiveBigIntegerField(default=0)
    actor = models.CharField(max_length=150)
    approved_stage = models.CharField(max_length=16, blank=True)
    approved_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    started_at = models.DateTimeField()
    step_since = models.DateTimeField()
    evidence_since = models.DateTimeField()
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "rollout plan"

    def __str__(self) -> str:
        return f"{self.seam}: {self.at_stage} → {self.to_stage}, {self.status}"

    def value(self) -> Plan:
        """Return the row as the value that the guard goes by."""
        approved = _step(self.approved_stage, self.approved_percent) if self.approved_stage else None
        return Plan(
            seam=self.seam,
            to=_step(self.to_stage, self.to_percent),
            at=_step(self.at_stage, self.at_percent),
            actor=self.actor,
            started_at=self.started_at,
            step_since=self.step_since,
            evidence_since=self.evidence_since,
            status=PlanStatus(self.status),
            reason=self.reason,
            missing=self.missing,
            approved=approved,
            version=self.version,
        )


def _step(stage: str, percent: Decimal | None) -> Step:
    return Step(stage=RolloutStage(stage), percent=percent or Decimal(0))
