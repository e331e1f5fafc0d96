"""What legacy shows against itself: learned from a sample, proposed as rules, left out of the match rate.

Note [Noise]: a cause is noise if legacy shows it against itself about as often as the two sides show it against each other.
A field that legacy changes once in a thousand and the candidate always is therefore a difference, and a cause
is more than a place: a missing field is no noise because its value is. Which causes are noise is decided when it is
asked, so that what is learned later, and what somebody says about it, counts for everything that was compared.
Source: Diffy, which compares raw and noisy rates of each field in the same way.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from strangler.core.comparison import compare, learn
from strangler.shadow import rules
from strangler.shadow.findings import causes, compared
from strangler.shadow.models import RuleState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.db.models import QuerySet

    from strangler.core.observation import Observation
    from strangler.shadow.comparing import Outcome
    from strangler.shadow.models import Cause

PAIRS = 10  # of each seam that rules are learned from
FEWEST = 2  # a cause that legacy showed once may have been a deployment in between
MOST_OFTEN = 2.0  # noise may show so many times as often between the sides as within legacy

Pair = tuple["Observation", "Observation"]


class Learner:
    """Learns from the last samples of each seam; belongs to one worker and is not thread-safe."""

    def __init__(self) -> None:
        self._pairs: dict[str, deque[Pair]] = defaultdict(lambda: deque(maxlen=PAIRS))

    def learn(self, outcome: Outcome) -> None:
        """Propose the rules that follow from a sample and those before it."""
        noise = outcome.noise
        if noise is None or noise.control is None or noise.candidate is None:
            return
        seam = outcome.capture.seam
        pair = (noise.control, noise.candidate)
        self._pairs[seam].append(pair)
        if noise.differences:
            for text, silenced in _learn(seam, tuple(self._pairs[seam]), pair=pair):
                rules.propose(seam, text, silenced=silenced)


def noise_of(seam: str, *, since: datetime) -> QuerySet[Cause]:
    """Return the causes of *seam* that do not count as mismatches. See Note [Noise]."""
    window = compared().filter(seam=seam, compared_at__gte=since, matched__isnull=False)
    asked, sampled = window.filter(is_noise=False).count(), window.filter(is_noise=True).count()
    in_window = Q(found__comparison__compared_at__gte=since)
    counted = (
        causes()
        .filter(seam=seam)
        .annotate(
            raw=Count("found", filter=in_window & Q(found__comparison__is_noise=False)),
            within=Count("found", filter=in_window & Q(found__comparison__is_noise=True)),
        )
    )
    usual = [
        each.pk for each in counted if _is_noise(each.raw, of=asked, within=each.within, sampled=sampled)
    ]
    said = causes().filter(seam=seam).exclude(rule__state=RuleState.REJECTED.value)
    return said.filter(Q(pk__in=usual) | Q(rule__state=RuleState.ACCEPTED.value))


def _is_noise(raw: int, *, of: int, within: int, sampled: int) -> bool:
    if within < FEWEST:
        return False
    return raw / max(of, 1) <= MOST_OFTEN * within / sampled


def _learn(seam: str, pairs: tuple[Pair, ...], *, pair: Pair) -> Iterator[tuple[str, set[str]]]:
    """Yield each rule that is learned, and the causes that it makes disappear from *pair*."""
    known = rules.rules_of(seam)
    shown = {str(each.cause) for each in compare(*pair, rules=known)}
    for rule in learn(pairs, rules=known):
        left = {str(each.cause) for each in compare(*pair, rules=(*known, rule))}
        if shown - left:
            yield str(rule), shown - left
