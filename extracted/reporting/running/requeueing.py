"""Announce runs again that have waited too long: what makes a lost message, or a lost worker, harmless."""

from django.db.models import F
from django.utils import timezone

from extracted.reporting.announcing import announce
from extracted.reporting.models import UNFINISHED, Run
from extracted.reporting.running.progress import wait_before_announcing

BATCH = 200


def requeue() -> int:
    """Announce up to `BATCH` overdue runs, the longest overdue first.

    A message too many is harmless, but costs the queue a place: each run waits twice as long as the last time.

    Returns: how many were announced; 0 also if the broker does not answer, then all stay overdue.
    """
    overdue = Run.objects.filter(state__in=UNFINISHED, due_at__lte=timezone.now()).order_by("due_at")[:BATCH]
    rows = list(overdue.values_list("pk", "sends"))
    if not announce([pk for pk, _ in rows]):
        return 0
    for pk, sends in rows:
        # Only while it is still overdue: its worker may have been faster than we are.
        still = Run.objects.filter(pk=pk, state__in=UNFINISHED, due_at__lte=timezone.now())
        still.update(sends=F("sends") + 1, due_at=timezone.now() + wait_before_announcing(sends))
    return len(rows)
