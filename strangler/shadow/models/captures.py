"""Captures that wait for the worker, and the count of those that were lost."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

SHAPE_LENGTH = 500
REASON_LENGTH = 500


class CaptureState(models.TextChoices):
    """What became of a capture so far; one that was compared is deleted."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DEAD = "dead"


class CaptureRecord(models.Model):
    """One capture; `strangler.shadow.captures` writes and reads it."""

    id = models.UUIDField(primary_key=True)
    seam = models.CharField(max_length=100)
    shape = models.CharField(max_length=SHAPE_LENGTH)
    side = models.CharField(max_length=8)
    document = models.JSONField()  # all but the two bodies
    asked_body = models.BinaryField()
    control_body = models.BinaryField()
    captured_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=CaptureState.choices, default=CaptureState.PENDING)
    token = models.CharField(max_length=64, blank=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)

    class Meta:
        verbose_name = "capture"
        indexes: ClassVar = [
            models.Index(fields=["state", "captured_at"], name="strangler_capture_next"),
        ]

    def __str__(self) -> str:
        return f"{self.shape} ({self.state})"


class CaptureLoss(models.Model):
    """How many captures of one seam were lost for one cause, per minute."""

    seam = models.CharField(max_length=100)
    minute = models.DateTimeField()
    cause = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "lost captures"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["minute", "seam", "cause"], name="strangler_loss_once"),
        ]

    def __str__(self) -> str:
        return f"{self.seam} {self.minute:%H:%M} {self.cause}: {self.count}"
