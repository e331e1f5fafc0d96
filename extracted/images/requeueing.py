"""Send messages again for photos that have waited too long: what makes a lost message harmless."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from extracted.images.messages import PUBLISH, RENDER, send
from extracted.images.models import UNFINISHED, Photo, State
from extracted.images.progress import wait_before_send

BATCH = 500


def requeue() -> int:
    """Send the messages of up to `BATCH` overdue photos, the longest overdue first.

    A message too many is harmless, but costs the queue a place: each photo waits twice as long as the last time.

    Returns: how many were sent; 0 also if the broker does not answer, then all stay overdue.
    """
    overdue = Photo.objects.filter(state__in=UNFINISHED, due_at__lte=timezone.now()).order_by("due_at")[
        :BATCH
    ]
    rows = list(overdue.values_list("pk", "state", "sends"))
    ready = [row for row in rows if row[1] == State.READY]
    others = [row for row in rows if row[1] != State.READY]
    return _sent(RENDER, others) + _sent(PUBLISH, ready)


def _sent(task: str, rows: list[tuple[UUID, str, int]]) -> int:
    if not send(task, [pk for pk, _, _ in rows]):
        return 0
    for sends in {sends for _, _, sends in rows}:
        _postpone((pk for pk, _, count in rows if count == sends), sends=sends)
    return len(rows)


def _postpone(ids: Iterable[UUID], *, sends: int) -> None:
    # Only while it is still overdue: its worker may have been faster than we are.
    overdue = Photo.objects.filter(pk__in=list(ids), state__in=UNFINISHED, due_at__lte=timezone.now())
    overdue.update(sends=F("sends") + 1, due_at=timezone.now() + wait_before_send(sends + 1))
