"""Compare two observations: a stand-in with the agreed names, until the real room is merged."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from strangler.core.observation import Observation


class Kind(StrEnum):
    """How two values differ."""

    MISSING = "missing"
    EXTRA = "extra"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference at one place."""

    kind: Kind
    place: str
    control: Any = None
    candidate: Any = None

    @property
    def cause(self) -> str:
        """The place without particulars, and the kind."""
        return f"{re.sub(r'[0-9]+', '*', self.place)} {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What does not count as a difference."""

    action: str
    place: str

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Return the rule that *text* says; raises ValueError."""
        action, _, place = text.partition(" ")
        if action != "ignore" or not place:
            raise ValueError(text)
        return cls(action=action, place=place)

    def __str__(self) -> str:
        return f"{self.action} {self.place}"


PRESETS: tuple[Rule, ...] = ()


def compare(
    control: Observation, candidate: Observation, *, rules: Sequence[Rule] = PRESETS
) -> tuple[Difference, ...]:
    """Return the differences between two observations."""
    ignored = {rule.place for rule in rules}
    found = _differences("", _values(control), _values(candidate))
    return tuple(each for each in found if re.sub(r"[0-9]+", "*", each.place) not in ignored)


def learn(
    pairs: Iterable[tuple[Observation, Observation]], *, rules: Sequence[Rule] = PRESETS
) -> tuple[Rule, ...]:
    """Return the rules that follow from what one side shows against itself."""
    places = {re.sub(r"[0-9]+", "*", each.place) for pair in pairs for each in compare(*pair, rules=rules)}
    return tuple(Rule(action="ignore", place=place) for place in sorted(places))


def _values(observation: Observation) -> dict[str, Any]:
    try:
        body = json.loads(observation.body)
    except ValueError:
        body = observation.body.decode("latin-1")
    values = {"status": observation.status, "body": body, "error": observation.error}
    if observation.effects is not None:
        values["effects"] = observation.effects.to_json()
    return values


def _differences(place: str, control: Any, candidate: Any) -> Iterator[Difference]:
    if isinstance(control, dict) and isinstance(candidate, dict):
        for name in control.keys() & candidate.keys():
            yield from _differences(f"{place}.{name}".lstrip("."), control[name], candidate[name])
        for name in control.keys() - candidate.keys():
            if name != "effects" or place:
                yield Difference(
                    kind=Kind.MISSING, place=f"{place}.{name}".lstrip("."), control=control[name]
                )
    elif control != candidate:
        yield Difference(kind=Kind.VALUE, place=place, control=control, candidate=candidate)
