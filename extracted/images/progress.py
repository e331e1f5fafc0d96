"""Move photos from state to state. Each function is one conditional UPDATE, safe against a second worker.

See the diagram in `models`. A worker takes a photo with `claim`; from then on it alone may change it, until its
lease ends. Attempts are counted when the photo is taken, not when it comes back, because a worker that was
killed counts nothing.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from extracted.images.conf import config
from extracted.images.models import Photo, Rendition, State
from extracted.images.pictures import Picture

LOST = "the worker was lost while working on it, so the file may be harmful"
_LONGEST_WAIT = timedelta(minutes=5)
_RENDERED = 90  # percent; the rest is publishing


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A photo that belongs to this worker; *attempt* fences off a worker that comes back from the dead."""

    photo: Photo
    attempt: int


def claim(photo_id: UUID | str, *, holder: str) -> Claim | None:
    """Take a photo to make its renditions.

    Args: holder: id of the task; the same message delivered again means that its last worker died, so it need not
        wait for the lease.
    Returns: None if there is nothing to do: finished, somebody else's, gone, or given up now.
    """
    now = timezone.now()
    is_abandoned = Q(state=State.PROCESSING) & (Q(leased_until__lte=now) | Q(holder=holder))
    free = Photo.objects.filter(Q(state=State.QUEUED) | is_abandoned, pk=photo_id)
    if _gave_up(free):
        return None
    until = now + config().lease
    taken = free.update(
        state=State.PROCESSING,
        attempts=F("attempts") + 1,
        reason="",
        holder=holder,
        leased_until=until,
        due_at=until,
        sends=0,
        progress=5,
    )
    if not taken:
        return None
    photo = Photo.objects.get(pk=photo_id)
    return Claim(photo=photo, attempt=photo.attempts)


def report(claim: Claim, *, done: int, total: int) -> None:
    """Show how many of the renditions are made."""
    _held(claim).update(progress=5 + (_RENDERED - 5) * done // total)


def finish(claim: Claim, picture: Picture, *, names: Mapping[int, str]) -> bool:
    """Record the renditions: the photo is ready to be published.

    Args: names: size → name of the file, which is in place already.
    Returns: False if the photo belongs to another worker by now; its result is the same.
    """
    with transaction.atomic():
        changed = _held(claim).update(
            state=State.READY,
            progress=_RENDERED,
            width=picture.width,
            height=picture.height,
            leased_until=None,
            due_at=timezone.now() + config().resend_after,
            sends=0,
        )
        if changed:
            claim.photo.renditions.all().delete()
            Rendition.objects.bulk_create(_rows(claim.photo, picture, names))
    return bool(changed)


def fail(claim: Claim, *, reason: str) -> None:
    """End a photo whose file is at fault; trying again would give the same."""
    _held(claim).update(**_failed(reason))


def put_back(claim: Claim, *, reason: str, is_our_fault: bool) -> None:
    """Give up a photo for now; `images.requeue` sends it again after a wait.

    Args: is_our_fault: the machine, disk or database failed, not the photo: the attempt is not counted.
    """
    attempts = claim.attempt - 1 if is_our_fault else claim.attempt
    _held(claim).update(
        state=State.QUEUED,
        attempts=attempts,
        reason=reason,
        holder="",
        leased_until=None,
        due_at=timezone.now() + wait_before_send(claim.attempt),
        progress=0,
    )


def published(photo: Photo) -> None:
    """End a photo that the monolith has taken over."""
    Photo.objects.filter(pk=photo.pk, state=State.READY).update(
        state=State.PUBLISHED, progress=100, reason="", due_at=None, finished_at=timezone.now()
    )


def refused(photo: Photo, *, reason: str) -> None:
    """End a photo that the monolith will never take."""
    Photo.objects.filter(pk=photo.pk, state=State.READY).update(**_failed(reason))


def postpone(photo: Photo, *, reason: str) -> None:
    """Have the photo published later, after a wait that doubles each time."""
    Photo.objects.filter(pk=photo.pk, state=State.READY).update(
        sends=F("sends") + 1, reason=reason, due_at=timezone.now() + wait_before_send(photo.sends)
    )


def wait_before_send(sends: int) -> timedelta:
    """Return how long to wait after the *sends*-th message: doubling from `resend_after`, up to 5 minutes.

    A quarter more or less at random, so that what failed together does not come back together.
    """
    wait = min(config().resend_after * 2 ** min(sends, 20), _LONGEST_WAIT)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, keeps no secret


def _held(claim: Claim) -> QuerySet[Photo]:
    return Photo.objects.filter(pk=claim.photo.pk, state=State.PROCESSING, attempts=claim.attempt)


def _gave_up(free: QuerySet[Photo]) -> bool:
    limit = config().max_attempts
    exhausted = free.filter(attempts__gte=limit)
    for photo in exhausted:
        reason = f"given up after {limit} attempts: {photo.reason or LOST}"
        return bool(exhausted.update(**_failed(reason)))
    return False


def _failed(reason: str) -> dict[str, object]:
    return {
        "state": State.FAILED,
        "reason": reason,
        "progress": 100,
        "leased_until": None,
        "due_at": None,
        "finished_at": timezone.now(),
    }


def _rows(photo: Photo, picture: Picture, names: Mapping[int, str]) -> list[Rendition]:
    return [
        Rendition(
            photo=photo,
            size=made.size,
            width=made.width,
            height=made.height,
            bytes=len(made.content),
            name=names[made.size],
        )
        for made in picture.renditions
    ]
