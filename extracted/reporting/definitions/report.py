"""What a report is: a name, parameters, one query read page by page, columns, formats, and who may see it.

Note [Pages by key]: a query is never read with an offset, nor as one long answer. Each page is a short statement that
goes on behind the last key, so a run can stop after any page and go on elsewhere, no transaction stays open, and the
server's limit on the time of a statement is a limit on a page. Reports that are ranked are computed anew for each of
their (large) pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.backends.utils import CursorWrapper

from extracted.reporting.definitions.parameters import Parameter, read_parameters
from extracted.reporting.errors import ParameterError

Values = Mapping[str, Any]
Row = tuple[Any, ...]
FORMATS = ("csv", "xlsx", "json", "html", "pdf")


class Kind(StrEnum):
    """What is in a column."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DAY = "day"
    MOMENT = "moment"


class Audience(StrEnum):
    """Who may see a report."""

    STAFF = "staff"
    SUPERUSERS = "superusers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its name in files for programs, its title for people."""

    name: str
    title: str
    kind: Kind = Kind.TEXT

    @property
    def is_number(self) -> bool:
        """Tell whether it stands on the right."""
        return self.kind in (Kind.NUMBER, Kind.MONEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """How a report is drawn: a bar for each row, or a line through them."""

    label: str
    value: str
    is_line: bool = False
    bars: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """SQL that every engine understands; see Note [Pages by key].

    Args:
        sql: with `{after}` where the condition on the key goes, and `{limit}`; selects the columns and then the key.
        after: that condition.
        keys: how many values at the end of a row are its key.
        arguments: of the parameters, in the order of the SQL.
        place: the key → arguments of `after`.
        count: SQL that counts the rows, with the same arguments; empty if that is not worth it.
    """

    sql: str
    after: str
    keys: int
    arguments: Callable[[Values], Sequence[Any]]
    place: Callable[[Sequence[Any]], Sequence[Any]] = tuple
    count: str = ""

    def page(
        self, cursor: CursorWrapper, values: Values, *, after: Sequence[Any] | None, limit: int
    ) -> list[Row]:
        """Return up to *limit* rows behind the key *after*, with their keys at the end."""
        condition, place = (self.after, self.place(after)) if after else ("", ())
        statement = self.sql.format(after=condition, limit=int(limit))
        cursor.execute(statement, [*self.arguments(values), *place])
        return list(cursor.fetchall())

    def total(self, cursor: CursorWrapper, values: Values) -> int | None:
        """Return how many rows there are now, None if nobody counts them."""
        if not self.count:
            return None
        cursor.execute(self.count, [*self.arguments(values)])
        return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report.

    Args:
        name: in addresses and files.
        most: of all values, how many rows there are at most; None: all.
        check: raises ParameterError for parameters that make no sense together.
        page_rows: rows of one page of the query.
    """

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    query: Query
    formats: tuple[str, ...] = FORMATS
    audience: Audience = Audience.STAFF
    chart: Chart | None = None
    most: Callable[[Values], int | None] = lambda _: None
    check: Callable[[Values], None] = lambda _: None
    page_rows: int = 5_000

    def values(self, raw: Mapping[str, str], *, today: date) -> dict[str, Any]:
        """Return the values of the parameters that *raw* gives as texts, defaults for the others.

        Raises: ParameterError: names the parameter and what would be right.
        """
        values = read_parameters(self.parameters, raw, today=today)
        self.check(values)
        return values

    def check_format(self, name: str) -> None:
        """Raise ParameterError unless *name* is one of the formats."""
        if name not in self.formats:
            raise ParameterError(f"there is no format {name!r}; there are {', '.join(self.formats)}")

    def filename(self, values: Values, extension: str) -> str:
        """Return what a browser calls the file."""
        return "-".join([self.name, *(str(value) for value in values.values())]) + f".{extension}"


def json_key(key: Sequence[Any]) -> list[Any]:
    """Return a key as JSON values, from which `Query.place` makes arguments."""
    return [each if isinstance(each, int | float) else str(each) for each in key]


def place_in_ranking(key: Sequence[Any]) -> list[Any]:
    """Return the arguments of `spent < %s OR (spent = %s AND id > %s)`.

    Sums are exact decimals, which JSON has as texts; on SQLite they are floats, and stay the same bits.
    """
    spent, row = key
    sum_ = Decimal(spent) if isinstance(spent, str) else spent
    return [sum_, sum_, row]
