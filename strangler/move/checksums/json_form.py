"""One text for each JSON value, whatever the order of its keys, its spaces and the spelling of its numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def canonical(text: str) -> str:
    """Return the canonical form of a JSON *text*; a text that is no JSON is its own.

    Keys are sorted; numbers are decimals without trailing zeros, so that 1, 1.0 and 1e0 are one number; -0 stays
    apart from 0, and nothing is rounded.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except ValueError:
        return text
    return json.dumps(_spell(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def differs_in_form_only(one: str | None, other: str | None) -> bool:
    """Return whether two different texts are the same JSON value."""
    if one is None or other is None or one == other:
        return False
    try:
        json.loads(one)
    except ValueError:
        return False
    return canonical(one) == canonical(other)


def _spell(value: Any) -> Any:
    """Mark numbers, so that none passes for a text."""
    if isinstance(value, Decimal):
        return {"": _spell_number(value)}
    if isinstance(value, dict):
        return {f"k{key}": _spell(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_spell(each) for each in value]
    return value


def _spell_number(value: Decimal) -> str:
    """Spell a number without trailing zeros; `normalize` would round it to the context's 28 digits."""
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    significant = text.strip("0")
    zeros = len(text) - len(text.rstrip("0"))
    return f"{'-' * sign}{significant}e{int(exponent) + zeros}" if significant else f"{'-' * sign}0"
