"""Documents of mappings, lists and scalars: JSON, and whatever is read as such."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._context import MAX_DEPTH, Context
from strangler.core.comparison._lists import Pairs, align, match
from strangler.core.comparison._noise import keys_of, skeleton
from strangler.core.comparison._values import compare_value
from strangler.core.comparison.difference import Kind
from strangler.core.comparison.rules import Action

if TYPE_CHECKING:
    from strangler.core.comparison._places import Path


def compare_json(context: Context, path: Path, control: Any, candidate: Any) -> None:
    """Compare two documents; lists in their order unless a rule says otherwise."""
    if context.is_full:
        return
    shapes = _shape(control), _shape(candidate)
    if shapes[0] is not shapes[1]:
        context.add(Kind.TYPE, path, control, candidate)
    elif shapes[0] is None:
        compare_value(context, path, control, candidate)
    elif len(path) > MAX_DEPTH:
        if json.dumps(control, default=str) != json.dumps(candidate, default=str):
            context.add(Kind.VALUE, path, "deep", "deep")
    elif shapes[0] is Mapping:
        _compare_mappings(context, path, control, candidate)
    else:
        _compare_lists(context, path, control, candidate)


def _shape(value: Any) -> type | None:
    if isinstance(value, Mapping):
        return Mapping
    return list if isinstance(value, list | tuple) else None


def _compare_mappings(
    context: Context, path: Path, control: Mapping[str, Any], candidate: Mapping[str, Any]
) -> None:
    for name, value in control.items():
        if name in candidate:
            compare_json(context, (*path, str(name)), value, candidate[name])
        else:
            context.add(Kind.MISSING, (*path, str(name)), value)
    for name, value in candidate.items():
        if name not in control:
            context.add(Kind.EXTRA, (*path, str(name)), None, value)


def _compare_lists(context: Context, path: Path, control: Sequence[Any], candidate: Sequence[Any]) -> None:
    if len(control) != len(candidate):
        context.add(Kind.LENGTH, path, len(control), len(candidate))
    for one, two in _pairs(context, path, control, candidate):
        _compare_entries(context, path, control, candidate, one, two)


def _pairs(context: Context, path: Path, control: Sequence[Any], candidate: Sequence[Any]) -> Pairs:
    """Return which entries are compared with each other; one `order` difference stands for all that only moved."""
    same: Pairs = [(index, index) for index in range(len(control))]
    if len(control) == len(candidate):
        # Keys cost time: only entries that are not simply equal need them.
        changed = [index for index in range(len(control)) if control[index] != candidate[index]]
        keys, other_keys = matched_by(*([side[index] for index in changed] for side in (control, candidate)))
        if len(changed) < 2 or keys == other_keys or Counter(keys) != Counter(other_keys):  # noqa: PLR2004
            is_set = len(changed) > 1 and context.rules_for(Action.UNORDERED, path)
            return _as_set(control, candidate) if is_set else same
        if not context.rules_for(Action.UNORDERED, path):
            context.add(Kind.ORDER, path, control, candidate)
        return _as_set(control, candidate)
    if context.rules_for(Action.UNORDERED, path):
        return _as_set(control, candidate)
    return align(*matched_by(control, candidate))


def _as_set(control: Sequence[Any], candidate: Sequence[Any]) -> Pairs:
    return _rejoined(match(*matched_by(control, candidate)))


def _compare_entries(
    context: Context,
    path: Path,
    control: Sequence[Any],
    candidate: Sequence[Any],
    one: int | None,
    two: int | None,
) -> None:
    if one is None:
        context.add(Kind.EXTRA, (*path, f"[{two}]"), None, candidate[two or 0])
    elif two is None:
        context.add(Kind.MISSING, (*path, f"[{one}]"), control[one])
    else:
        compare_json(context, (*path, f"[{one}]"), control[one], candidate[two])


def _rejoined(pairs: Pairs) -> Pairs:
    """Put entries that are alone on either side together, so that a changed entry is not one missing and one extra."""
    both = [pair for pair in pairs if None not in pair]
    alone = [one for one, two in pairs if two is None]
    others = [two for one, two in pairs if one is None]
    width = max(len(alone), len(others))
    alone += [None] * (width - len(alone))
    others += [None] * (width - len(others))
    return both + list(zip(alone, others, strict=True))


def matched_by(control: Sequence[Any], candidate: Sequence[Any]) -> tuple[list[Hashable], list[Hashable]]:
    """Return what the entries of two lists are matched by: their JSON, sorted, without noise."""
    return keys_of([_text_of(value) for value in control], [_text_of(value) for value in candidate])


def key_of(value: Any) -> str:
    """Return what is equal for two values that are, but for noise."""
    return skeleton(_text_of(value))


def _text_of(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__
