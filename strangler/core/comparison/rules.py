"""Rules of the comparison: what is no difference, at which places.

    ignore headers.date                         whatever is there and below
    unordered body.$.tags                       a list whose order says nothing
    tolerance body.$.total 0.01                 numbers that are near: absolute, or 1%
    transform body.$.name lower                 both sides changed before they are compared:
    transform body.$.price round 2                lower, round DIGITS, replace PATTERN TEXT, map OLD=NEW …
    noise ** time 10min                         values of a kind that differ by nature, where they stand; see `NOISE`

The text form is split like a shell's command line, so that quotes keep spaces together.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from strangler.core.comparison._places import steps_of
from strangler.errors import RuleError, did_you_mean

NOISE = {
    "float": "the last digits of numbers that are not whole, as arithmetic leaves them",
    "any": "any value for any value; only that there is one counts",
    "token": "random text for random text of a similar length, in places named after a token",
    "uuid": "a UUID for a UUID, always the same one for the same one",
    "time": "a time for a time of the same form that is at most so long before or after",
    "signed": "the timestamp and the signature of what Django signs",
    "ids": "keys of new rows, always the same one for the same one",
    "static": "hashes in names of static files, random endings of stored ones",
    "password": "salt and hash of a password, not the algorithm",
}
"""Kinds of noise, and what each calls the same."""

_UNITS = {"s": 1, "sec": 1, "min": 60, "h": 3600}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|sec|min|h)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")
_MAX_WINDOW_SECONDS = 86_400.0


class Action(StrEnum):
    """What a rule does."""

    IGNORE = "ignore"
    UNORDERED = "unordered"
    TOLERANCE = "tolerance"
    TRANSFORM = "transform"
    NOISE = "noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Args:
        action: what it does.
        place: pattern of the places where; `*` is one step, `**` any number of them.
        arguments: of the action, as in the text form.
        seen: in how many pairs of observations `learn` saw the noise; 0 for a rule that nobody learned.
        of: in how many pairs it looked.
    Raises: RuleError: the action does not know these arguments.
    """

    action: Action
    place: str
    arguments: tuple[str, ...] = ()
    seen: int = field(default=0, compare=False)
    of: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if not steps_of(self.place):
            raise RuleError("names no place", rule=str(self))
        if complaint := _CHECKS[self.action](self.arguments):
            raise RuleError(complaint, rule=str(self))

    def __str__(self) -> str:
        """Return the text form; `Rule.parse` reads it."""
        return " ".join((self.action.value, *map(_quoted, (self.place, *self.arguments))))

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Return the rule of a text such as `ignore headers.date`.

        Raises: RuleError: it can't be read.
        """
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise RuleError(f"{error}.", rule=text) from None
        if len(words) < 2:  # noqa: PLR2004 - action and place
            raise RuleError("needs an action and a place, such as `ignore headers.date`.", rule=text)
        action, place, *arguments = words
        if action not in [each.value for each in Action]:
            known = [each.value for each in Action]
            raise RuleError(f"there is no action {action!r}.", rule=text, hint=did_you_mean(action, known))
        return cls(action=Action(action), place=place, arguments=tuple(arguments))

    def to_json(self) -> dict[str, Any]:
        """Return the rule as JSON values; `from_json` reads them."""
        return {
            "action": self.action.value,
            "place": self.place,
            "arguments": list(self.arguments),
            "seen": self.seen,
            "of": self.of,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Rule:
        """Return the rule that `to_json` wrote.

        Raises: KeyError, ValueError, RuleError: it did not.
        """
        return cls(
            action=Action(document["action"]),
            place=document["place"],
            arguments=tuple(document["arguments"]),
            seen=document.get("seen", 0),
            of=document.get("of", 0),
        )


def seconds_of(text: str) -> float:
    """Return the seconds of a duration such as `10min`; without one, ten minutes."""
    found = _DURATION.fullmatch(text)
    return min(float(found[1]) * _UNITS[found[2]], _MAX_WINDOW_SECONDS) if found else _DEFAULT.total_seconds()


_DEFAULT = timedelta(minutes=10)


def _quoted(word: str) -> str:
    """Quote a word where a shell's splitting needs it; patterns with stars stay as they are."""
    return word if re.fullmatch(r"[\w@%+=:,./\[\]*$#-]+", word) else shlex.quote(word)


def _none(arguments: tuple[str, ...]) -> str:
    return "takes nothing after the place." if arguments else ""


def _tolerance(arguments: tuple[str, ...]) -> str:
    good = len(arguments) == 1 and _NUMBER.fullmatch(arguments[0])
    return "" if good else "needs one number after the place, such as 0.01 or 1%."


def _transform(arguments: tuple[str, ...]) -> str:
    match arguments:
        case ("lower",) | ("map", _, *_):
            wrong = [pair for pair in arguments[1:] if "=" not in pair]
            return f"{wrong[0]!r} is not OLD=NEW." if wrong else ""
        case ("round", digits):
            return "" if digits.isdecimal() else f"{digits!r} is no number of digits."
        case ("replace", pattern, _):
            return _complaint_about(pattern)
    return "needs lower, round DIGITS, replace PATTERN TEXT, or map OLD=NEW after the place."


def _complaint_about(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}."
    return ""


def _noise(arguments: tuple[str, ...]) -> str:
    if not arguments or arguments[0] not in NOISE:
        word = arguments[0] if arguments else ""
        return f"there is no noise {word!r}.{did_you_mean(word, NOISE)}"
    if arguments[0] == "time" and len(arguments) == 2:  # noqa: PLR2004 - the kind, and its duration
        return "" if _DURATION.fullmatch(arguments[1]) else f"{arguments[1]!r} is no duration such as 10min."
    return _none(arguments[1:])


_CHECKS = {
    Action.IGNORE: _none,
    Action.UNORDERED: _none,
    Action.TOLERANCE: _tolerance,
    Action.TRANSFORM: _transform,
    Action.NOISE: _noise,
}
