"""Captures that outlive their comparison: the example of each cause, and a few of each shape."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from strangler.conf import config
from strangler.core.capture import Capture
from strangler.core.observation import Observation
from strangler.errors import UnknownCaptureError
from strangler.shadow import captures
from strangler.shadow.models import KeptCapture
from strangler.shadow.models.captures import SHAPE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any
    from uuid import UUID

    from django.db.models import QuerySet

READ_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A capture, and what the candidate did with it when it was compared; None for one that came with a corpus."""

    capture: Capture
    candidate: Observation | None


def keep(capture: Capture, *, candidate: Observation | None = None) -> None:
    """Keep *capture* until it is pruned; a capture that is kept already stays as it is."""
    record = KeptCapture(
        capture_id=capture.id,
        seam=capture.seam,
        shape=capture.shape[:SHAPE_LENGTH],
        document=_pack(capture.to_json()),
        candidate=_pack(candidate.to_json()) if candidate else None,
        kept_at=timezone.now(),
    )
    kept().bulk_create([record], ignore_conflicts=True)


def has_enough(capture: Capture) -> bool:
    """Whether as many captures of this shape are kept as shall be."""
    same = kept().filter(seam=capture.seam, shape=capture.shape[:SHAPE_LENGTH])
    return same[: config().shadow_keep].count() >= config().shadow_keep


def find(capture_id: UUID) -> Kept:
    """Return a capture that is kept or still waits.

    Raises:
        UnknownCaptureError: it is neither.
    """
    record = kept().filter(pk=capture_id).first()
    if record is not None:
        return _unpack_record(record)
    waiting = captures.load(capture_id)
    if waiting is None:
        raise UnknownCaptureError(capture_id)
    return Kept(capture=waiting, candidate=None)


def read_kept(*, seam: str = "", limit: int | None = None) -> Iterator[Kept]:
    """Yield what is kept, newest first, of *seam* or of all seams, at most *limit*."""
    records = kept().order_by("-kept_at", "pk")
    if seam:
        records = records.filter(seam=seam)
    for pk in records.values_list("pk", flat=True)[:limit]:
        record = kept().filter(pk=pk).first()
        if record is not None:  # pruned meanwhile
            yield _unpack_record(record)


def kept() -> QuerySet[KeptCapture]:
    """Return all that is kept."""
    return KeptCapture.objects.using(config().database).all()


def _unpack_record(record: KeptCapture) -> Kept:
    candidate = Observation.from_json(_unpack(record.candidate)) if record.candidate else None
    return Kept(capture=Capture.from_json(_unpack(record.document)), candidate=candidate)


def _pack(document: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode())


def _unpack(packed: bytes | memoryview) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(zlib.decompress(bytes(packed)))
    return document
