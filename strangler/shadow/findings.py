"""Write down what comparing found: once per capture, whichever worker comes first."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from strangler.conf import config
from strangler.shadow import keeping
from strangler.shadow.models import Cause, ComparisonRecord, DifferenceRecord
from strangler.shadow.models.captures import SHAPE_LENGTH
from strangler.shadow.models.findings import EXAMPLE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta
    from typing import Any

    from django.db.models import QuerySet

    from strangler.core.capture import Capture
    from strangler.core.comparison import Difference
    from strangler.core.observation import Observation
    from strangler.shadow.comparing import Outcome, Result

MAX_CAUSES = 200  # of one comparison; an answer that is another page altogether differs everywhere
DELETE_AT_ONCE = 500


def store(outcome: Outcome, *, settle: Callable[[], bool]) -> bool:
    """Write down *outcome* and settle its capture, in one transaction.

    Once: a worker whose lease ran out, and that others have overtaken, writes nothing.
    Args:
        settle: gives up the capture; False if it is not ours any more.
    Returns: whether it was written.
    """
    alias = config().database
    results = [(outcome.result, False), *([(outcome.noise, True)] if outcome.noise else [])]
    causes = [_causes_of(outcome.capture, result) for result, _ in results]
    try:
        with transaction.atomic(using=alias):
            if not settle():
                return False
            for (result, is_noise), found in zip(results, causes, strict=True):
                _write(outcome.capture, result, found, is_noise=is_noise)
    except IntegrityError:
        if not compared().filter(capture_id=outcome.capture.id).exists():
            raise
        settle()  # somebody wrote it and died before it was settled
        return False
    _keep(outcome, causes[0])
    return True


def prune(*, retention: timedelta, now: datetime) -> int:
    """Delete what is older than *retention*; returns how many comparisons that were."""
    before = now - retention
    total = 0
    while pks := list(
        compared().filter(compared_at__lt=before).values_list("pk", flat=True)[:DELETE_AT_ONCE]
    ):
        compared().filter(pk__in=pks).delete()
        total += len(pks)
    causes().filter(found=None, first_seen_at__lt=before).delete()
    examples = causes().values("example")
    keeping.kept().filter(kept_at__lt=before).exclude(pk__in=examples).delete()
    return total


def compared() -> QuerySet[ComparisonRecord]:
    """Return all comparisons."""
    return ComparisonRecord.objects.using(config().database).all()


def causes() -> QuerySet[Cause]:
    """Return all causes."""
    return Cause.objects.using(config().database).all()


def fingerprint(text: str) -> str:
    """Return what makes a text of any length unique in an index."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shorten(value: Any) -> str:
    """Return *value* as the text of an example, in characters that every database takes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if value is None:
        return ""
    text = text.replace("\0", "\\0").encode("utf-8", "replace").decode()
    return text if len(text) <= EXAMPLE_LENGTH else f"{text[: EXAMPLE_LENGTH - 1]}…"


def _causes_of(capture: Capture, result: Result) -> dict[int, int]:
    """Return the causes of the differences, made where they are new: primary key → how many places.

    Outside of the transaction, one statement each: two workers that meet the same new causes must not deadlock.
    """
    if not result.differences:
        return {}
    places = Counter(str(each.cause) for each in result.differences)
    first = {str(each.cause): each for each in reversed(result.differences)}
    chosen = dict(places.most_common(MAX_CAUSES))
    known = _known(capture.seam, chosen)
    for text in sorted(set(chosen) - set(known)):
        causes().bulk_create([_new_cause(capture, text, first[text])], ignore_conflicts=True)
    if len(known) < len(chosen):
        known = _known(capture.seam, chosen)
    return {known[text]: count for text, count in chosen.items() if text in known}


def _known(seam: str, texts: Mapping[str, int]) -> dict[str, int]:
    by_print = {fingerprint(text): text for text in texts}
    rows = causes().filter(seam=seam, fingerprint__in=by_print).values_list("fingerprint", "pk")
    return {by_print[each]: pk for each, pk in rows}


def _new_cause(capture: Capture, text: str, difference: Difference) -> Cause:
    return Cause(
        seam=capture.seam,
        fingerprint=fingerprint(text),
        text=text,
        kind=str(difference.kind),
        place=str(difference.place),
        control_example=shorten(difference.control),
        candidate_example=shorten(difference.candidate),
        example=capture.id,
        first_seen_at=timezone.now(),
    )


def _write(capture: Capture, result: Result, found: Mapping[int, int], *, is_noise: bool) -> None:
    differences: Sequence[Difference] | None = result.differences
    record = compared().create(
        capture_id=capture.id,
        is_noise=is_noise,
        seam=capture.seam,
        shape=capture.shape[:SHAPE_LENGTH],
        control=capture.control.side.value,
        matched=None if differences is None else not differences,
        differences=len(differences or ()),
        reason=result.reason,
        detail=shorten(result.detail)[:200],
        captured_at=capture.captured_at,
        compared_at=timezone.now(),
    )
    rows = [DifferenceRecord(comparison=record, cause_id=pk, places=count) for pk, count in found.items()]
    DifferenceRecord.objects.using(config().database).bulk_create(rows)


def _keep(outcome: Outcome, found: Mapping[int, int]) -> None:
    """Keep the capture if it is to be an example of a cause, or if its shape has too few."""
    candidate: Observation | None = outcome.result.candidate
    capture = outcome.capture
    have_example = keeping.kept().values("capture_id")
    orphans = list(
        causes().filter(pk__in=found).exclude(example__in=have_example).values_list("pk", flat=True)
    )
    if orphans or not keeping.has_enough(capture):
        keeping.keep(capture, candidate=candidate)
    if orphans:
        causes().filter(pk__in=orphans).update(example=capture.id)
