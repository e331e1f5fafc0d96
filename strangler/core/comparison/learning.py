"""Noise that legacy shows against itself, proposed as rules that somebody accepts or rejects.

Source: Twitter's Diffy compares two instances of the old code to learn which fields differ by themselves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from strangler.core.comparison._compare import compare
from strangler.core.comparison._places import pattern_of, steps_of
from strangler.core.comparison.difference import Difference, Kind
from strangler.core.comparison.presets import PRESETS
from strangler.core.comparison.rules import Action, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strangler.core.observation import Observation

MIN_SHARE = 0.03
"""A place that differs in fewer of the pairs is left alone: a rare difference of legacy may be a bug that matters."""

MIN_SEEN = 2
_NEAR = 0.05


def learn(
    pairs: Iterable[tuple[Observation, Observation]], *, rules: tuple[Rule, ...] = PRESETS
) -> tuple[Rule, ...]:
    """Propose rules for the places where legacy differs from itself, most frequent first.

    Nothing is decided: each rule says in how many pairs it was `seen`, `of` how many, and a person accepts or rejects it.

    Args:
        pairs: what legacy did with the same request, twice.
        rules: that hold already.
    """
    found: dict[str, dict[int, list[Difference]]] = defaultdict(lambda: defaultdict(list))
    number = 0
    for number, (one, two) in enumerate(pairs, start=1):
        for difference in compare(one, two, rules=rules):
            found[pattern_of(steps_of(difference.place))][number].append(difference)
    proposed = [
        _rule(place, by_pair, of=number)
        for place, by_pair in found.items()
        if _is_relevant(len(by_pair), number)
    ]
    return tuple(sorted(proposed, key=lambda rule: -rule.seen))


def _is_relevant(seen: int, of: int) -> bool:
    return seen >= MIN_SEEN and seen / of >= MIN_SHARE


def _rule(place: str, by_pair: dict[int, list[Difference]], *, of: int) -> Rule:
    differences = [difference for several in by_pair.values() for difference in several]
    seen = len(by_pair)
    if all(difference.kind is Kind.ORDER for difference in differences):
        return Rule(action=Action.UNORDERED, place=place, seen=seen, of=of)
    apart = max(map(_apart, differences))
    if apart <= _NEAR:
        percent = f"{math.ceil(apart * 200)}%"  # twice of what was seen, in whole percent
        return Rule(action=Action.TOLERANCE, place=place, arguments=(percent,), seen=seen, of=of)
    return Rule(action=Action.IGNORE, place=place, seen=seen, of=of)


def _apart(difference: Difference) -> float:
    """Return how far two numbers are apart as a share of the larger; infinity for anything else."""
    one, two = difference.control, difference.candidate
    if difference.kind is not Kind.VALUE or not all(isinstance(value, float) for value in (one, two)):
        return math.inf
    return float(abs(one - two) / max(abs(one), abs(two)))
