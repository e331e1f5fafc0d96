"""The span of time that a report is about."""

from dataclasses import dataclass
from datetime import UTC, datetime

FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Period:
    """A year, or all of it: from `start` up to but not including `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of_year(cls, year: int) -> "Period":
        """Return the period of one calendar year, UTC."""
        return cls(start=datetime(year, 1, 1, tzinfo=UTC), end=datetime(year + 1, 1, 1, tzinfo=UTC))

    @property
    def year(self) -> int:
        """Return the calendar year."""
        return self.start.year


def read_year(text: str, *, today: datetime) -> int:
    """Return the year that *text* names, between FIRST_YEAR and the next; this year when it names none."""
    year = int(text) if text.isdecimal() and len(text) == len("2000") else today.year
    return min(max(year, FIRST_YEAR), today.year + 1)
