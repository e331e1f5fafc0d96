"""Parameters of reports: what may be given, as texts, and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any, Protocol

from extracted.reporting.errors import ParameterError

FIRST_YEAR = 2000
_LONGEST = 40


class Parameter(Protocol):
    """One parameter of a report."""

    @property
    def name(self) -> str:
        """Return its name in addresses."""

    @property
    def title(self) -> str:
        """Return its name on pages."""

    @property
    def input(self) -> str:
        """Return the type of the form's field."""

    def default(self, *, today: date) -> Any:
        """Return the value when none is given."""

    def read(self, text: str, *, today: date) -> Any:
        """Return the value that *text* means; raises ParameterError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A calendar year, UTC."""

    name: str = "year"
    title: str = "Year"
    input: str = "number"

    def default(self, *, today: date) -> int:
        """Return this year."""
        return today.year

    def read(self, text: str, *, today: date) -> int:
        """Return the year; raises ParameterError outside of 2000 and the next."""
        if text.isdecimal() and len(text) == len("2000") and FIRST_YEAR <= int(text) <= today.year + 1:
            return int(text)
        raise ParameterError(
            f"{self.name} must be a year from {FIRST_YEAR} to {today.year + 1}, not {text[:_LONGEST]!r}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOf:
    """A day; also `today`, `yesterday`, or so many days ago as `-30`: that is what schedules need.

    Args: back: how many days before today the default is.
    """

    name: str
    title: str
    back: int
    input: str = "text"

    def default(self, *, today: date) -> date:
        """Return the day *back* days ago."""
        return today - timedelta(days=self.back)

    def read(self, text: str, *, today: date) -> date:
        """Return the day; raises ParameterError if there is no such day."""
        words = {"today": 0, "yesterday": 1}
        try:
            if text in words:
                return today - timedelta(days=words[text])
            if text.startswith("-"):
                return today - timedelta(days=int(text[1:8]))
            found = date.fromisoformat(text)
        except (ValueError, OverflowError):
            raise ParameterError(
                f"{self.name} must be a day such as {today.isoformat()}, today, yesterday or -30, "
                f"not {text[:_LONGEST]!r}"
            ) from None
        if not FIRST_YEAR <= found.year <= today.year + 1:
            raise ParameterError(f"{self.name} must be a day from {FIRST_YEAR} to {today.year + 1}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A whole number."""

    name: str
    title: str
    preset: int
    most: int
    input: str = "number"

    def default(self, *, today: date) -> int:
        """Return the preset."""
        del today
        return self.preset

    def read(self, text: str, *, today: date) -> int:
        """Return the number; raises ParameterError outside of 1 and the most."""
        del today
        if text.isdecimal() and len(text) < len("1000000000") and 1 <= int(text) <= self.most:
            return int(text)
        raise ParameterError(
            f"{self.name} must be a whole number from 1 to {self.most}, not {text[:_LONGEST]!r}"
        )


def read_parameters(known: Sequence[Parameter], raw: Mapping[str, str], *, today: date) -> dict[str, Any]:
    """Return the values of all *known* parameters; an empty text is as good as none.

    Raises: ParameterError: names a parameter that is unknown, with the nearest known one, or makes no sense.
    """
    names = [each.name for each in known]
    for name in raw:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names) or 'none'}"
            raise ParameterError(f"there is no parameter {name[:_LONGEST]!r}; {hint}")
    return {
        each.name: each.read(raw[each.name].strip(), today=today)
        if raw.get(each.name, "").strip()
        else each.default(today=today)
        for each in known
    }
