"""One thing in which two observations differ."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_SHOWN = 60
_PARTICULARS = re.compile(r"\[\d+\]")
_DIGITS = re.compile(r"\d+")


class Kind(StrEnum):
    """In what way two sides differ at a place."""

    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    VALUE = "value"
    ORDER = "order"
    LENGTH = "length"
    SIZE = "size"
    PIXELS = "pixels"
    SHARPNESS = "sharpness"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between control and candidate.

    Args:
        kind: in what way.
        place: where, as `body.$.items[3].price`; see the reference of rules.
        control: value at the control, as JSON; None where it has none.
        candidate: value at the candidate.
    """

    kind: Kind
    place: str
    control: Any = None
    candidate: Any = None

    @property
    def cause(self) -> str:
        """What groups differences that have one reason: the kind, and the place without indexes and numbers."""
        return f"{self.kind} {_DIGITS.sub('#', _PARTICULARS.sub('[]', self.place))}"

    def to_json(self) -> dict[str, Any]:
        """Return the difference as JSON values; `from_json` reads them."""
        values = {"control": self.control, "candidate": self.candidate}
        return {"kind": self.kind.value, "place": self.place, **values}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Difference:
        """Return the difference that `to_json` wrote.

        Raises: KeyError, ValueError: it did not.
        """
        return cls(**{**document, "kind": Kind(document["kind"])})


def describe(difference: Difference) -> str:
    """Return a difference as one line for people, long values shortened."""
    control, candidate = _shown(difference.control), _shown(difference.candidate)
    place = difference.place
    if difference.kind is Kind.MISSING:
        return f"{place}: missing, control has {control}"
    if difference.kind is Kind.EXTRA:
        return f"{place}: extra, candidate has {candidate}"
    return f"{place}: {difference.kind} {control} → {candidate}"


def _shown(value: Any) -> str:
    text = " ".join(json.dumps(value, ensure_ascii=False, default=str).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
