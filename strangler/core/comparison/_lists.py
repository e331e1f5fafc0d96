"""Which entries of two lists belong together. Bounded: long lists are aligned by their ends only."""

from __future__ import annotations

from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

_MAX_WORK = 250_000

Pairs = list[tuple[int | None, int | None]]


def align(control: Sequence[Hashable], candidate: Sequence[Hashable]) -> Pairs:
    """Return pairs of indexes in order: equal entries together, then neighbours between them; None where none is left."""
    head = _common(control, candidate)
    tail = _common(control[head:][::-1], candidate[head:][::-1])
    middle, other_middle = control[head : len(control) - tail], candidate[head : len(candidate) - tail]
    pairs: Pairs = [(index, index) for index in range(head)]
    pairs += [
        (None if one is None else one + head, None if two is None else two + head)
        for one, two in _align_middle(middle, other_middle)
    ]
    ends = range(tail, 0, -1)
    return pairs + [(len(control) - index, len(candidate) - index) for index in ends]


def _common(control: Sequence[Hashable], candidate: Sequence[Hashable]) -> int:
    length = 0
    for one, two in zip(control, candidate, strict=False):
        if one != two:
            break
        length += 1
    return length


def _align_middle(
    control: Sequence[Hashable], candidate: Sequence[Hashable]
) -> Iterator[tuple[int | None, int | None]]:
    if len(control) * len(candidate) > _MAX_WORK:
        yield from _side_by_side(range(len(control)), range(len(candidate)))
        return
    matcher = SequenceMatcher(None, control, candidate, autojunk=False)
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        yield from _side_by_side(range(start, end), range(other_start, other_end))


def _side_by_side(control: range, candidate: range) -> Iterator[tuple[int | None, int | None]]:
    for offset in range(max(len(control), len(candidate))):
        yield (
            control[offset] if offset < len(control) else None,
            candidate[offset] if offset < len(candidate) else None,
        )


def match(control: Sequence[Hashable], candidate: Sequence[Hashable]) -> Pairs:
    """Return pairs of indexes of equal entries in whatever order, then each one that is left, alone."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index, key in enumerate(candidate):
        places[key].append(index)
    for several in places.values():
        several.reverse()
    pairs: Pairs = [(index, places[key].pop() if places[key] else None) for index, key in enumerate(control)]
    return pairs + [
        (None, index) for index in sorted(index for several in places.values() for index in several)
    ]
