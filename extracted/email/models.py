"""The tables of the service: messages, who gets them, what was tried, and who gets nothing.

The row is the truth about a message; a task only says that somebody should look at the row. So a lost task
costs time and a repeated one costs nothing.

    parked                                     (its template is missing or fails)
    queued ─→ sending ─→ sent                  (at least one recipient was taken)
      ↑  ↑      │ │ └──→ failed                (5xx, or given up)
      │  └─4xx──┘ │  └─→ suppressed            (every recipient is on the list)
      └─ policy ─ unknown                      (the window after DATA; `hold` keeps it here for a person)
"""

import uuid

from django.db import models
from django.utils import timezone

from extracted.email.states import OPEN, RecipientState, State


class Source(models.TextChoices):
    """The door through which a message came in."""

    TASK = "task", "Celery task"
    API = "api", "HTTP API"
    QUEUE = "queue", "plain queue"
    STAFF = "staff", "sent again by staff"


class Message(models.Model):
    """One mail to one or several recipients."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    business_id = models.CharField(  # noqa: DJ001 - empty texts could not be unique, NULLs can
        max_length=300, unique=True, null=True, help_text="What it is about: one mail per id for ever."
    )
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of what was asked for.")
    source = models.CharField(max_length=8, choices=Source)
    requested_by = models.CharField(max_length=80, blank=True, help_text="Principal that asked for it.")
    resend_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="resends")

    template = models.CharField(max_length=200)
    locale = models.CharField(max_length=40)
    context = models.JSONField()
    message_id = models.CharField(
        max_length=255, unique=True, help_text="Message-ID, the same on every attempt."
    )
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)

    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    reason = models.TextField(
        blank=True, help_text="Why it is where it is, in the server's words if it has any."
    )
    attempts = models.PositiveIntegerField(default=0, help_text="Counted before the work begins; the fence.")
    doubts = models.PositiveSmallIntegerField(default=0, help_text="Attempts whose outcome nobody knows.")
    waits_for_server = models.BooleanField(default=False, help_text="The server did not answer last time.")
    worker = models.CharField(max_length=255, blank=True)
    leased_until = models.DateTimeField(null=True)
    entered_at = models.DateTimeField(null=True, help_text="When this attempt entered the window after DATA.")
    not_before = models.DateTimeField(default=timezone.now, help_text="The next attempt may begin.")
    sends = models.PositiveSmallIntegerField(default=0, help_text="Tasks sent since the state changed.")
    due_at = models.DateTimeField(null=True, help_text="When its task is sent again; empty: never.")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="email_message_due"),
            models.Index(fields=["-created_at", "id"], name="email_message_newest"),
            models.Index(fields=["state", "-created_at"], name="email_message_state"),
            models.Index(fields=["template", "-created_at"], name="email_message_template"),
            models.Index(fields=["finished_at"], name="email_message_finished"),
        ]

    def __str__(self) -> str:
        return f"message {self.id}"

    @property
    def is_held(self) -> bool:
        """Tell whether it waits for a person to decide."""
        return self.state == State.UNKNOWN and self.due_at is None

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.state not in OPEN


class Recipient(models.Model):
    """One address of a message, and the server's word about it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="recipients")
    position = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=254)
    normalised = models.CharField(max_length=254, help_text="For comparing and searching.")
    state = models.CharField(max_length=10, choices=RecipientState, default=RecipientState.PENDING)
    code = models.PositiveSmallIntegerField(null=True, help_text="SMTP reply code.")
    reply = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "position"], name="email_recipient_position")
        ]
        indexes = [models.Index(fields=["normalised"], name="email_recipient_address")]
        ordering = ["position"]

    def __str__(self) -> str:
        return self.address


class Attempt(models.Model):
    """One try of one worker. Its number is unique, so that no two workers can have the same."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=255)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, blank=True, help_text="Empty while it runs.")
    code = models.PositiveSmallIntegerField(null=True, help_text="SMTP reply code.")
    reply = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="email_attempt_number")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.message_id}"


class Suppression(models.Model):
    """An address that gets nothing."""

    class Reason(models.TextChoices):
        """Why."""

        BOUNCE = "bounce", "hard bounce"
        COMPLAINT = "complaint"
        REQUEST = "request", "asked for it"
        OTHER = "other"

    address = models.CharField(max_length=254, unique=True, help_text="Normalised.")
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.TextField(blank=True)
    added_by = models.CharField(max_length=150, blank=True)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return self.address


class QueueDelivery(models.Model):
    """How often a message of the plain queue was delivered again: its consumer died with it, or could not."""

    fingerprint = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.fingerprint[:12]}: {self.count}"
