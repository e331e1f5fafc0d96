"""Tables of the moves, in the monolith's database. They steer and show; what is true is beside the data.

Note [Position beside the data]: how far a table is copied stands in `strangler_position` on the target and commits with
the rows themselves. `MoveTable.rows_copied` is only a picture of it for people.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from strangler.core.stages import MoveStage
from strangler.move.models_verify import VerifyResult

__all__ = ["FINAL_STAGES", "MoveEvent", "MoveRecord", "MoveTable", "VerifyResult"]

_STAGES = [(stage.value, stage.value) for stage in MoveStage]
FINAL_STAGES = tuple(stage.value for stage in MoveStage if stage.is_final)


class MoveRecord(models.Model):
    """One move of a set of tables to a service. Its id is in the names of all that it makes beside the data."""

    service = models.CharField(max_length=100)
    stage = models.CharField(max_length=16, choices=_STAGES, default=MoveStage.CREATED.value)
    is_replica = models.BooleanField(default=False, help_text="One way, for ever: the service only reads.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    is_paused = models.BooleanField(default=False)
    pause_name = models.CharField(max_length=40, blank=True, help_text="Such as schema-changed, or operator.")
    pause_reason = models.TextField(blank=True)

    max_rows_per_second = models.PositiveIntegerField(default=0, help_text="0: no limit.")
    max_replica_lag_ms = models.PositiveIntegerField(default=0, help_text="0: not watched.")
    max_running_threads = models.PositiveIntegerField(default=0, help_text="0: not watched.")

    # One process at a time works on a move. The token goes up with each holder and is checked in the target's
    # transactions, so that a process that was frozen beyond its lease can write nothing.
    holder = models.CharField(max_length=200, blank=True)
    token = models.PositiveBigIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)

    # What the holder measured last.
    lag_entries = models.PositiveBigIntegerField(default=0, help_text="Changes that wait to be followed.")
    lag_ms = models.PositiveBigIntegerField(default=0, help_text="Age of the oldest of them.")
    rows_per_second = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "move"
        indexes: ClassVar = [models.Index(fields=["service", "-id"], name="strangler_move_of_service")]

    def __str__(self) -> str:
        return f"move {self.pk} to {self.service}: {self.stage}"

    @property
    def at(self) -> MoveStage:
        """The stage as a value."""
        return MoveStage(self.stage)

    @property
    def replica_lag_limit(self) -> timedelta | None:
        """How far replicas may lag before the move waits for them; None when nobody watches."""
        return timedelta(milliseconds=self.max_replica_lag_ms) if self.max_replica_lag_ms else None

    @classmethod
    def current(cls, service: str, *, using: str) -> MoveRecord | None:
        """Return the move to *service* that is not over, or None."""
        open_moves = cls.objects.using(using).filter(~Q(stage__in=FINAL_STAGES), service=service)
        return open_moves.order_by("-pk").first()


class MoveTable(models.Model):
    """One table of a move."""

    move = models.ForeignKey(MoveRecord, on_delete=models.CASCADE, related_name="tables")
    number = models.PositiveSmallIntegerField(
        help_text="Place in the order of copying, from 1; names its changelog."
    )
    source_table = models.CharField(max_length=128)
    target_table = models.CharField(max_length=128)
    signature = models.CharField(max_length=64, help_text="Of the source's columns when the move began.")
    target_signature = models.CharField(max_length=64)
    generation = models.CharField(
        max_length=64, blank=True, help_text="Changes when the source is truncated."
    )
    rows_estimated = models.PositiveBigIntegerField(default=0)
    rows_copied = models.PositiveBigIntegerField(default=0)
    rows_followed = models.PositiveBigIntegerField(default=0)
    copied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "table of a move"
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["move", "number"], name="strangler_move_table_number"),
        ]

    def __str__(self) -> str:
        return f"{self.source_table} → {self.target_table}"


class MoveEvent(models.Model):
    """One thing that was done to a move: the audit. Rows are only ever added."""

    move = models.ForeignKey(MoveRecord, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    what = models.CharField(max_length=40, help_text="A stage, or: paused, resumed, throttled, taken over.")
    reason = models.TextField(blank=True)
    actor = models.CharField(max_length=150)

    class Meta:
        verbose_name = "event of a move"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what}"
