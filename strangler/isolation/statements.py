"""Which of the tables that matter a statement touches."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.util import find_spec

_DIALECTS = {"mysql": "mysql", "postgresql": "postgres", "sqlite": "sqlite", "oracle": "oracle"}
_DATA = re.compile(
    r"\s*(\(|(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|TRUNCATE|LOAD|COPY|MERGE)\b)", re.IGNORECASE
)
_VALUES = re.compile(r"%s(?:, ?%s){3,}")  # fewer may be the arguments of a function, which needs them
_ROWS = re.compile(r"(\(%s(?:, ?%s)*\))(?:, ?\(%s(?:, ?%s)*\))+")


@cache
def can_parse() -> bool:
    """Return whether sqlglot is installed; the system checks say so where the guard is on, and nobody else needs it."""
    return find_spec("sqlglot") is not None


def tables_in(statement: str, *, vendor: str, known: frozenset[str]) -> frozenset[str]:
    """Return which of the *known* tables a *statement* reads or writes.

    Each statement is parsed once per process, and only if it names one of them; statements that differ in how many values
    or rows they bring are one. DDL touches no rows and counts for nothing. What can't be parsed touches every known table whose
    name is a word of it.
    """
    return _tables_in(_ROWS.sub(r"\1", _VALUES.sub("%s", statement)), vendor=vendor, known=known)


@lru_cache(maxsize=4096)
def _tables_in(statement: str, *, vendor: str, known: frozenset[str]) -> frozenset[str]:
    named = frozenset(table for table in known if table in statement)
    if not named or not _DATA.match(statement):
        return frozenset()
    import sqlglot  # noqa: PLC0415 - of an extra, and large: a process that guards nothing starts without it
    from sqlglot import exp  # noqa: PLC0415
    from sqlglot.errors import SqlglotError  # noqa: PLC0415

    try:
        tree = sqlglot.parse_one(statement.replace("%s", "?"), read=_DIALECTS.get(vendor))
    except SqlglotError:
        return frozenset(
            table for table in named if re.search(rf"(?<!\w){re.escape(table)}(?!\w)", statement)
        )
    defined = {each.alias for each in tree.find_all(exp.CTE)}
    return named & {table.name for table in tree.find_all(exp.Table)} - defined
