"""Tables of the outbox.

Note [Lanes]: every message belongs to one of `LANES` lanes, by its key or else by its id, and a lane belongs to at
most one relay at a time. So messages of one key are published by one process, in order, without any row being
locked or marked; claiming a batch is a plain SELECT, and settling it one DELETE.

Note [Published before deleted]: a row is deleted only after the broker confirmed the message. What waits is all
that is in the table, however late a transaction commits: nobody remembers how far they have read.
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from strangler.core.messages import Priority

LANES = 32
"""More than the relays that anybody runs on one database; few enough to lock in one statement."""

RANKS: dict[Priority, int] = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
"""Priority → place in the order of publishing."""


class Envelope(models.Model):
    """What is kept of a message wherever it is."""

    objects: ClassVar[models.Manager[Self]] = models.Manager()

    message_id = models.UUIDField()
    type = models.CharField(max_length=200)
    version = models.PositiveSmallIntegerField(default=1)
    body = models.TextField(help_text="JSON, as it goes on the wire")
    headers = models.TextField(blank=True, help_text="JSON, as it goes on the wire")
    queue = models.CharField(max_length=100)
    key = models.CharField(max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(default=RANKS[Priority.NORMAL])
    lane = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"


class OutboxMessage(Envelope):
    """A message that waits to be published."""

    available_at = models.DateTimeField()

    class Meta:
        verbose_name = "waiting message"
        indexes: ClassVar = [
            # In the order of claiming; the lane is last, so that one relay of several reads it from the index.
            models.Index(fields=["rank", "available_at", "id", "lane"], name="strangler_outbox_claim"),
        ]


class ParkedMessage(Envelope):
    """A message that can't be published for a reason of its own; it waits for an operator."""

    reason = models.TextField()
    parked_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "parked message"


class PublishedMessage(Envelope):
    """A message that a broker confirmed, kept for `OUTBOX_RETENTION` in case the broker is wiped."""

    published_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "published message"


class RelayRecord(models.Model):
    """A running relay. Its id is the fencing token: whoever finds the row gone owns nothing any more."""

    process = models.CharField(max_length=200)
    wake_host = models.CharField(max_length=100)
    wake_port = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    leased_until = models.DateTimeField()
    trouble = models.CharField(max_length=500, blank=True, help_text="why nothing is published at the moment")

    class Meta:
        verbose_name = "relay"

    def __str__(self) -> str:
        return f"{self.process} until {self.leased_until}"


class Lane(models.Model):
    """One share of the messages, and the relay that has it. See Note [Lanes]."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    owner = models.BigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.id} of {self.owner or 'nobody'}"
