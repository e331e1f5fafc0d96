"""How often both sides of a seam did the same, for whoever decides whether it may go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef

from strangler.core.evidence import Parity
from strangler.shadow.findings import compared
from strangler.shadow.models import DifferenceRecord
from strangler.shadow.noise import noise_of
from strangler.shadow.reasons import OF_ITS_OWN_MAKING

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from strangler.shadow.models import ComparisonRecord


def read_parity(seam: str, since: datetime) -> Parity:
    """Return how often both sides of *seam* did the same since a moment, noise left out.

    Both directions count alike: the service as candidate, and legacy once the service is live. What the candidate failed
    to answer is no comparison, but is told: those that it did answer are no fair sample of all.
    """
    since_then = compared().filter(seam=seam, is_noise=False, compared_at__gte=since)
    seen = since_then.filter(matched__isnull=False)
    shapes = dict(seen.values_list("shape").annotate(count=Count("pk")).order_by("shape"))
    total = sum(shapes.values())
    return Parity(
        compared=total,
        matched=total - differing(seen, seam=seam, since=since).count(),
        shapes=shapes,
        unobserved=since_then.filter(reason__in=[each.value for each in OF_ITS_OWN_MAKING]).count(),
    )


def differing(seen: QuerySet[ComparisonRecord], *, seam: str, since: datetime) -> QuerySet[ComparisonRecord]:
    """Return those of the comparisons *seen* that show a cause which is no noise."""
    noise = list(noise_of(seam, since=since).values_list("pk", flat=True))
    of_it = DifferenceRecord.objects.filter(comparison=OuterRef("pk"))
    return seen.filter(Exists(of_it.exclude(cause__in=noise)), matched=False)
