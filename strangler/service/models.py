"""Tables of the inbox."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class InboxState(models.TextChoices):
    """What became of a message."""

    RECEIVED = (
        "received"  # it came, and its effects are not there: being worked on, failed so far, or crashed
    )
    DONE = "done"
    HANDED = (
        "handed"  # to the other side, which owns the tables; see Note [One side at a time] in `core.handed`
    )
    PARKED = "parked"


class InboxMessage(models.Model):
    """One message by its id: what makes a repeat harmless, and a poisonous message end.

    The envelope is filled in when the message is parked: then this row is the only place where it is.
    """

    message_id = models.UUIDField(primary_key=True)
    type = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=InboxState.choices, default=InboxState.RECEIVED)
    deliveries = models.PositiveIntegerField(default=0, help_text="how often work on it was begun")
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    hops = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="if it was handed on: how often it had been before"
    )
    reason = models.TextField(blank=True, help_text="why it was parked, or how its last delivery ended")
    version = models.PositiveIntegerField(default=0)
    queue = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True, help_text="as it came, if it is parked")
    headers = models.TextField(blank=True)

    class Meta:
        verbose_name = "received message"
        indexes: ClassVar = [models.Index(fields=["state", "received_at"], name="strangler_inbox_state")]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id} {self.state}"
