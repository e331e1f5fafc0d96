"""Where a message and each of its recipients can be."""

from django.db import models


class State(models.TextChoices):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    PARKED = "parked"
    SUPPRESSED = "suppressed"


OPEN = (State.QUEUED, State.SENDING, State.UNKNOWN)


class RecipientState(models.TextChoices):
    """What became of one recipient."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPPRESSED = "suppressed"
