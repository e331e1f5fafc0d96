"""How often both sides of a seam did the same, for whoever decides whether it may go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q

from strangler.core.evidence import Parity
from strangler.shadow.findings import compared
from strangler.shadow.models import DifferenceRecord
from strangler.shadow.noise import noise_of
from strangler.shadow.reasons import OF_ITS_OWN_MAKING

if TYPE_CHECKING:
    from datetime import datetime


def read_parity(seam: str, since: datetime) -> Parity:
    """Return how often both sides of *seam* did the same since a moment, noise left out.

    Both directions count alike: the service as candidate, and legacy once the service is live. What the candidate failed
    to answer is no comparison, but is told: those that it did answer are no fair sample of all.
    """
    since_then = compared().filter(seam=seam, is_noise=False, compared_at__gte=since)
    seen = since_then.filter(matched__isnull=False)
    # One query: between two of them a worker would write, and more would differ than were compared.
    differs = Count("pk", filter=_is_different(seam, since=since))
    rows = list(seen.order_by("shape").values_list("shape").annotate(count=Count("pk"), different=differs))
    total = sum(count for _, count, _ in rows)
    return Parity(
        compared=total,
        matched=total - sum(different for *_, different in rows),
        shapes={shape: count for shape, count, _ in rows},
        unobserved=since_then.filter(reason__in=[each.value for each in OF_ITS_OWN_MAKING]).count(),
    )


def _is_different(seam: str, *, since: datetime) -> Q:
    """Return what tells a comparison that shows a cause which is no noise."""
    noise = list(noise_of(seam, since=since).values_list("pk", flat=True))
    of_it = DifferenceRecord.objects.filter(comparison=OuterRef("pk"))
    return Q(Exists(of_it.exclude(cause__in=noise)), matched=False)
