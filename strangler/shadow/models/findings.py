"""Tables of what comparing found.

Note [Counts are counted]: nothing here holds a counter that several workers would raise. How often a cause came is the
number of rows that name it, which is right whichever worker wrote them, whichever of them died, and for any window of time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models

from strangler.shadow.models.captures import SHAPE_LENGTH

EXAMPLE_LENGTH = 500


class RuleState(StrEnum):
    """What became of a rule that noise proposed."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class RuleRecord(models.Model):
    """A rule for one seam, proposed from what legacy showed against itself, and what somebody said to it."""

    seam = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    text = models.TextField()
    state = models.CharField(
        max_length=16,
        choices=[(each.value, each.value) for each in RuleState],
        default=RuleState.PROPOSED.value,
    )
    actor = models.CharField(max_length=150, blank=True)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "noise rule"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("seam", "fingerprint"), name="strangler_shadow_rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.seam}: {self.text} ({self.state})"


class ComparisonRecord(models.Model):
    """One capture, compared: with the candidate, or as a sample of noise legacy with itself.

    The capture's id fences: whoever comes second, after its lease ran out, can't write the same again.
    """

    capture_id = models.UUIDField()
    is_noise = models.BooleanField(default=False)
    seam = models.CharField(max_length=100)
    shape = models.CharField(max_length=SHAPE_LENGTH)
    control = models.CharField(max_length=8)
    matched = models.BooleanField(null=True)  # None: not compared
    differences = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=20, blank=True)  # why it was not compared
    detail = models.CharField(max_length=200, blank=True)
    captured_at = models.DateTimeField()
    compared_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "comparison"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("capture_id", "is_noise"), name="strangler_shadow_compare_once")
        ]
        indexes: ClassVar = [models.Index(fields=["seam", "compared_at"], name="strangler_shadow_by_seam")]

    def __str__(self) -> str:
        state = {True: "matched", False: "differs", None: self.reason}[self.matched]
        return f"{self.seam} {self.capture_id}: {state}"


class Cause(models.Model):
    """What differences of one seam have in common: the place, without list indexes and the like, and the kind."""

    seam = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    text = models.TextField()
    kind = models.CharField(max_length=32)
    place = models.TextField()
    control_example = models.TextField(blank=True)
    candidate_example = models.TextField(blank=True)
    example = models.UUIDField()  # the capture that first showed it; kept
    first_seen_at = models.DateTimeField()
    rule = models.ForeignKey(RuleRecord, null=True, on_delete=models.SET_NULL, related_name="causes")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("seam", "fingerprint"), name="strangler_shadow_cause_once")
        ]

    def __str__(self) -> str:
        return f"{self.seam}: {self.text}"


class DifferenceRecord(models.Model):
    """A cause in one comparison, and how many places of it showed it."""

    comparison = models.ForeignKey(ComparisonRecord, on_delete=models.CASCADE, related_name="found")
    cause = models.ForeignKey(Cause, on_delete=models.CASCADE, related_name="found")
    places = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "difference"

    def __str__(self) -> str:
        return f"{self.cause_id} in {self.comparison_id}"


class KeptCapture(models.Model):
    """A capture that outlives its comparison: the example of a cause, or one of its shape for the corpus."""

    capture_id = models.UUIDField(primary_key=True)
    seam = models.CharField(max_length=100)
    shape = models.CharField(max_length=SHAPE_LENGTH)
    document = models.BinaryField()  # JSON, compressed
    candidate = models.BinaryField(null=True)
    kept_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["seam", "kept_at"], name="strangler_shadow_kept")]

    def __str__(self) -> str:
        return f"{self.seam} {self.capture_id}"
