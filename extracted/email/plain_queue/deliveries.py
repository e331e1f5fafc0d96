"""Count how often a message was delivered again, so that one that kills its consumer does not do so for ever."""

import hashlib

from django.db.models import F
from django.utils import timezone

from extracted.email.models import QueueDelivery


def fingerprint(body: bytes, *, message_id: str) -> str:
    """Return what identifies a message on every delivery; a classic queue keeps no count and no id of its own."""
    return hashlib.sha256(message_id.encode() + b"\0" + body).hexdigest()


def count_again(key: str) -> int:
    """Count one more repeated delivery of the message *key*, committed before the work begins; return the count."""
    QueueDelivery.objects.get_or_create(fingerprint=key)
    QueueDelivery.objects.filter(pk=key).update(count=F("count") + 1, last_at=timezone.now())
    return QueueDelivery.objects.get(pk=key).count


def forget(key: str) -> None:
    """Stop counting a message that is done with."""
    QueueDelivery.objects.filter(pk=key).delete()
