"""What people ask for: runs of reports, and schedules that make runs.

The row is the truth about a run; a message only says that somebody should look at the row.

    queued ─→ running ─→ ready          the file is in place, whole
      ↑  └──────┘ │ └──→ failed         with the reason; no file
      │           └────→ cancelled      no file
      └── the slice of time is used up, or the worker was lost: goes on from the checkpoint
"""

import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone


class State(models.TextChoices):
    """Where a run is on its way."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)


class Schedule(models.Model):
    """A report that is run again and again and sent to people."""

    class Every(models.TextChoices):
        """How often."""

        HOUR = "hour"
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    report = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict)
    format = models.CharField(max_length=10)
    every = models.CharField(max_length=10, choices=Every)
    recipients = models.JSONField(default=list, help_text="Addresses that get a link.")
    owner = models.CharField(max_length=64, help_text="Primary key of the user in the monolith.")
    owner_name = models.CharField(max_length=150)
    is_superuser = models.BooleanField(default=False, help_text="Whether the owner was one when it was made.")
    next_at = models.DateTimeField(db_index=True)
    is_active = models.BooleanField(default=True)
    problem = models.TextField(blank=True, help_text="Why it was stopped.")

    def __str__(self) -> str:
        return f"{self.report} every {self.every}"


class Run(models.Model):
    """One person's, or schedule's, wish for one file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict, help_text="As given and checked; texts.")
    format = models.CharField(max_length=10)
    owner = models.CharField(max_length=64, help_text="Primary key of the user in the monolith.")
    owner_name = models.CharField(max_length=150)
    schedule = models.ForeignKey(Schedule, on_delete=models.SET_NULL, null=True, related_name="runs")
    planned_at = models.DateTimeField(null=True, help_text="When the schedule wanted it.")
    recipients = models.JSONField(default=list)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    is_cancelled = models.BooleanField(default=False, help_text="Somebody wants it to stop.")
    reason = models.TextField(blank=True, help_text="Why it failed, or what it waits for.")
    rows = models.PositiveBigIntegerField(default=0)
    expected = models.PositiveBigIntegerField(null=True, help_text="Rows at the end, as far as known.")
    checkpoint = models.JSONField(default=dict, help_text="From where it goes on.")
    work = models.DurationField(default=timedelta, help_text="Time that workers spent on it.")
    slices = models.PositiveIntegerField(
        default=0, help_text="Fences off a worker that comes back from the dead."
    )
    losses = models.PositiveSmallIntegerField(default=0, help_text="Workers lost in a row without progress.")
    holder = models.CharField(max_length=64, blank=True, help_text="Id of the task that works on it.")
    leased_until = models.DateTimeField(null=True)
    sends = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="When its message is sent again; empty when finished.")
    as_of = models.DateTimeField(null=True, help_text="How fresh the read model was when it began.")
    file = models.CharField(max_length=100, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    note = models.TextField(blank=True, help_text="What a reader should know of the file.")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        constraints = [
            # Two beats find the same schedule due: one of them makes the run.
            models.UniqueConstraint(fields=["schedule", "planned_at"], name="reporting_run_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="reporting_run_due"),
            models.Index(fields=["-created_at"], name="reporting_run_history"),
            models.Index(fields=["owner", "state"], name="reporting_run_of_owner"),
        ]

    def __str__(self) -> str:
        return f"run {self.id} of {self.report}"

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state not in UNFINISHED

    @property
    def percent(self) -> int | None:
        """Return how far it is, None while nobody knows."""
        if self.state == State.READY:
            return 100
        return None if not self.expected else min(99, 100 * self.rows // self.expected)
