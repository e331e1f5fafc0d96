"""Captures in the database: stored by the worker that receives them, claimed by the workers that replay them.

At least once: a worker that dies keeps its captures for the length of its lease; then another may claim them. One
that was claimed `MAX_ATTEMPTS` times without being settled is dead: it kills workers, or nobody can replay it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from strangler.conf import config
from strangler.core.capture import Capture
from strangler.shadow import bodies
from strangler.shadow.models.captures import REASON_LENGTH, SHAPE_LENGTH, CaptureRecord, CaptureState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from django.db.models import QuerySet

MAX_ATTEMPTS = 3
MAX_DEAD = 100
"""The newest of these are kept for whoever wants to know."""


def store(captures: Sequence[Capture]) -> None:
    """Write *captures*, one statement for all; one that is there already stays as it is."""
    _all().bulk_create([_record_of(capture) for capture in captures], ignore_conflicts=True)


def claim(limit: int, *, lease: timedelta, token: str) -> list[Capture]:
    """Return up to *limit* captures, oldest first, that are now the caller's for the length of *lease*.

    Args:
        limit: most captures.
        lease: after this time without `settle`, `give_back` or `bury`, others may claim them.
        token: of the caller; one per worker.
    """
    alias, now = config().database, timezone.now()
    can_skip = connections[alias].features.has_select_for_update_skip_locked
    with transaction.atomic(using=alias):
        free = _free(now).order_by("captured_at", "pk").select_for_update(skip_locked=can_skip)
        found = list(free.values_list("pk", "attempts")[:limit])
        _bury([pk for pk, attempts in found if attempts >= MAX_ATTEMPTS], "no worker came to an end with it")
        pks = [pk for pk, attempts in found if attempts < MAX_ATTEMPTS]
        _free(now).filter(pk__in=pks).update(
            state=CaptureState.CLAIMED, token=token, claimed_until=now + lease, attempts=F("attempts") + 1
        )
        mine = _held(pks, token).order_by("captured_at", "pk")
        return [_capture_of(record) for record in mine]


def settle(ids: Collection[UUID], *, token: str) -> int:
    """Delete captures that were compared; returns how many of them were still the caller's.

    What is worth keeping is kept elsewhere: the bodies of all requests would fill a disk.
    """
    return _held(ids, token).delete()[0]


def give_back(ids: Collection[UUID], *, token: str) -> int:
    """Let others claim captures that could not be replayed now; counts no attempt. Returns how many."""
    return _held(ids, token).update(
        state=CaptureState.PENDING, token="", claimed_until=None, attempts=F("attempts") - 1
    )


def bury(ids: Collection[UUID], *, token: str, reason: str) -> int:
    """Replay captures no more, and keep the newest for whoever wants to know the *reason*; returns how many."""
    return _bury(list(_held(ids, token).values_list("pk", flat=True)), reason)


def load(capture_id: UUID) -> Capture | None:
    """Return a capture that is not settled, in any state; None if there is none."""
    record = _all().filter(pk=capture_id).first()
    return _capture_of(record) if record else None


def count_pending(*, limit: int) -> int:
    """Return how many captures are not settled; counts no further than *limit*."""
    return _all().exclude(state=CaptureState.DEAD)[:limit].count()


def prune(*, older_than: timedelta, now: datetime) -> int:
    """Delete captures that are older, in whatever state; returns how many."""
    return _all().filter(captured_at__lt=now - older_than).delete()[0]


def _all() -> QuerySet[CaptureRecord]:
    return CaptureRecord.objects.using(config().database).all()


def _free(now: datetime) -> QuerySet[CaptureRecord]:
    is_abandoned = Q(state=CaptureState.CLAIMED, claimed_until__lte=now)
    return _all().filter(Q(state=CaptureState.PENDING) | is_abandoned)


def _held(ids: Collection[UUID], token: str) -> QuerySet[CaptureRecord]:
    return _all().filter(pk__in=ids, state=CaptureState.CLAIMED, token=token)


def _bury(pks: Collection[UUID], reason: str) -> int:
    if not pks:
        return 0
    buried = _all().filter(pk__in=pks).update(state=CaptureState.DEAD, reason=reason[:REASON_LENGTH])
    dead = _all().filter(state=CaptureState.DEAD)
    newest = list(dead.order_by("-captured_at").values_list("pk", flat=True)[:MAX_DEAD])
    dead.exclude(pk__in=newest).delete()
    return buried


def _record_of(capture: Capture) -> CaptureRecord:
    bare, asked_body, control_body = bodies.take_off(capture)
    return CaptureRecord(
        id=capture.id,
        seam=capture.seam,
        shape=capture.shape[:SHAPE_LENGTH],
        side=capture.control.side.value,
        document=bare.to_json(),
        asked_body=asked_body,
        control_body=control_body,
        captured_at=capture.captured_at,
    )


def _capture_of(record: CaptureRecord) -> Capture:
    bare = Capture.from_json(record.document)
    return bodies.put_on(bare, asked=bytes(record.asked_body), control=bytes(record.control_body))
