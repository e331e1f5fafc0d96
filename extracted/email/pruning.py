"""Remove what nobody needs any more."""

from datetime import timedelta

from django.utils import timezone

from extracted.email.conf import config
from extracted.email.models import Message, QueueDelivery

BATCH = 1000
_DELIVERIES = timedelta(days=7)


def prune() -> int:
    """Remove messages that were finished longer ago than the retention, and return how many.

    With a message goes its business id: the same id sent after that makes a new mail. Parked and held ones stay.
    """
    now = timezone.now()
    QueueDelivery.objects.filter(last_at__lt=now - _DELIVERIES).delete()
    if not config().retention:
        return 0
    old = Message.objects.filter(finished_at__lt=now - config().retention).exclude(state="parked")
    ids = list(old.values_list("pk", flat=True)[:BATCH])
    Message.objects.filter(pk__in=ids).delete()
    return len(ids)
