"""The comparison of two observations."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

from strangler.core.comparison._bodies import compare_bodies
from strangler.core.comparison._context import Context
from strangler.core.comparison._effects import compare_effects
from strangler.core.comparison._headers import compare_headers
from strangler.core.comparison._html import UnreadableError, texts_in
from strangler.core.comparison._noise import keys_in, uuids_in
from strangler.core.comparison._values import compare_value, transformed
from strangler.core.comparison.difference import Difference, Kind
from strangler.core.comparison.presets import PRESETS

if TYPE_CHECKING:
    from strangler.core.comparison.rules import Rule
    from strangler.core.observation import Effects, Observation

_MAX_TEXTS = 5_000


def compare(
    control: Observation, candidate: Observation, *, rules: tuple[Rule, ...] = PRESETS
) -> tuple[Difference, ...]:
    """Compare what two sides did with the same request or call.

    Pure and bounded: whatever the bodies are, it raises nothing over them, reports at most 200 differences, and
    compares by digest what can't be read. The durations are not compared, effects only where both sides have them,
    and bodies only of the same status: that of an error page says nothing about the page.

    Args: rules: what is no difference; with rules of your own, put them beside the presets: `(*PRESETS, *own)`.
    Returns: the differences, headers first; empty if there is none.
    Raises: MissingExtraError: the extra `compare` is not installed.
    """
    if control == candidate:
        return ()
    context = Context(rules)
    if len({str(transformed(context, ("status",), each.status)) for each in (control, candidate)}) > 1:
        context.add(Kind.VALUE, ("status",), control.status, candidate.status)
    compare_value(context, ("error",), control.error, candidate.error)
    compare_headers(context, control.headers, candidate.headers)
    if control.effects is not None and candidate.effects is not None:
        _compare_effects(context, control.effects, candidate.effects)
    if control.status == candidate.status:
        types = _type_of(control), _type_of(candidate)
        compare_bodies(context, control.body, candidate.body, types=types)
    _note_keys_in_texts(context)
    return context.differences()


def _compare_effects(context: Context, control: Effects, candidate: Effects) -> None:
    try:
        compare_effects(context, control, candidate)
    except (UnreadableError, RecursionError) as error:
        context.add(Kind.DIGEST, ("effects",), f"not readable: {type(error).__name__}", "")


def _type_of(observation: Observation) -> str:
    values = [value for name, value in observation.headers if name.lower() == "content-type"]
    return values[-1] if values else ""


def _note_keys_in_texts(context: Context) -> None:
    """Read the keys in equal texts, only if a suspicion makes them matter."""
    if not context.has_suspicions:
        return
    trees = chain.from_iterable(map(texts_in, context.identities.trees))
    for text in islice(chain(context.identities.texts, trees), _MAX_TEXTS):
        for family, key in keys_in(text):
            context.identities.same[family].add(key)
        context.identities.uuids.update(uuids_in(text))
