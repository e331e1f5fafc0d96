"""Announce messages again that have waited too long: what makes a lost task harmless, and retries happen."""

from django.db.models import F
from django.utils import timezone

from extracted.email.announcing import announce
from extracted.email.models import Message
from extracted.email.progress import wait_before_announcing
from extracted.email.states import OPEN

BATCH = 500


def requeue() -> int:
    """Announce up to `BATCH` overdue messages, the longest overdue first.

    A task too many is harmless, but costs the queue a place: each message waits twice as long as the last time.

    Returns: how many were announced; 0 also if the broker does not answer, then all stay overdue.
    """
    overdue = Message.objects.filter(state__in=OPEN, due_at__lte=timezone.now()).order_by("due_at")[:BATCH]
    rows = list(overdue.values_list("pk", "sends"))
    if not announce([pk for pk, _ in rows]):
        return 0
    for sends in {sends for _, sends in rows}:
        _postpone([pk for pk, count in rows if count == sends], sends=sends)
    return len(rows)


def _postpone(ids: list[object], *, sends: int) -> None:
    # Only while it is still overdue: its worker may have been faster than we are.
    overdue = Message.objects.filter(pk__in=ids, state__in=OPEN, due_at__lte=timezone.now(), sends=sends)
    overdue.update(sends=F("sends") + 1, due_at=timezone.now() + wait_before_announcing(sends))
