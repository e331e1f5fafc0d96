"""Values as the drivers give them, column by column, as what formats write.

Drivers differ: SQLite gives floats for sums of money, naive moments, and texts for computed ones, MariaDB texts for both
(see `running.reader`), PostgreSQL aware moments. A whole column at a time is several times faster than a cell at a time.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from extracted.reporting.definitions import Column, Kind

Values = Sequence[Any]
_NO_FRACTION = ".000000"  # as MariaDB writes it
FORMULA = frozenset("=+-@\t\r")
"""What a spreadsheet takes for a formula when a text begins with it."""
_first = itemgetter(0)


def moment_text(value: Any) -> str:
    """Return a moment as `2026-01-31 12:00:00+00:00`, with a fraction if it has one."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(value.astimezone(UTC))
    return f"{str(value).removesuffix(_NO_FRACTION)}+00:00"


def as_moment(value: Any) -> datetime:
    """Return what a driver gave as an aware moment."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def as_day(value: Any) -> date:
    """Return what a driver gave as a day."""
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


def money_text(value: Any) -> str:
    """Return an amount with two decimals."""
    if value is None:
        return ""
    return f"{Decimal(value) if isinstance(value, str) else value:.2f}"


def guarded(values: Values) -> list[str]:
    """Return texts that no spreadsheet runs: one that looks like a formula gets an apostrophe in front."""
    with suppress(TypeError, IndexError):  # a cell is None, or empty
        if FORMULA.isdisjoint(map(_first, values)):
            return list(values)
    return ["" if value is None else f"'{value}" if value[:1] in FORMULA else value for value in values]


def plain(values: Values) -> list[str]:
    """Return numbers or days as texts."""
    return ["" if value is None else f"{value}" for value in values]


def amounts(values: Values) -> list[str]:
    """Return amounts as texts with two decimals."""
    found = list(map(str, values))
    if {text[-3:-2] for text in found} == {"."}:  # all have two
        return found
    return [money_text(value) for value in values]


def moments(values: Values) -> list[str]:
    """Return moments as texts."""
    with suppress(AttributeError):  # a cell is None, or no text
        return [f"{value.removesuffix(_NO_FRACTION)}+00:00" for value in values]
    return [moment_text(value) for value in values]


def json_value(value: Any, kind: Kind) -> Any:
    """Return *value* as JSON: amounts as texts, because JSON's numbers are binary."""
    if value is None:
        return None
    if kind is Kind.MONEY:
        return money_text(value)
    if kind is Kind.MOMENT:
        return as_moment(value).isoformat()
    if kind is Kind.DAY:
        return as_day(value).isoformat()
    return int(value) if isinstance(value, Decimal) else value


def shown(value: Any, column: Column) -> str:
    """Return *value* as pages show it."""
    if value is None:
        return "\N{EN DASH}"
    if column.kind is Kind.MONEY:
        return f"£{value:,.2f}"
    if column.kind is Kind.NUMBER:
        return f"{int(value):,}"
    if column.kind is Kind.MOMENT:
        return f"{as_moment(value):%d %b %Y %H:%M}"
    return f"{as_day(value):%d %b %Y}" if column.kind is Kind.DAY else str(value)
