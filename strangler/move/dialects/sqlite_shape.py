"""Ask SQLite what a table is like."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from strangler.move.dialects.base import Column, ForeignKey, Kind, Statement, TableShape, Trigger, Unique

if TYPE_CHECKING:
    from collections.abc import Callable

    Fetch = Callable[[Statement], list[tuple[Any, ...]]]

_KINDS = (
    ("bool", Kind.BOOLEAN),
    ("int", Kind.INTEGER),
    ("char", Kind.TEXT),
    ("text", Kind.TEXT),
    ("clob", Kind.TEXT),
    ("blob", Kind.BINARY),
    ("decimal", Kind.DECIMAL),
    ("numeric", Kind.DECIMAL),
    ("real", Kind.FLOAT),
    ("floa", Kind.FLOAT),
    ("doub", Kind.FLOAT),
    ("datetime", Kind.DATETIME),
    ("timestamp", Kind.DATETIME),
    ("date", Kind.DATE),
    ("time", Kind.TIME),
    ("json", Kind.JSON),
)
_EVENT = re.compile(
    r"\bTRIGGER\b.+?\b(?P<timing>BEFORE|AFTER|INSTEAD\s+OF)?\s*\b(?P<event>INSERT|UPDATE|DELETE)\b",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN_GENERATED = (2, 3)


def read(fetch: Fetch, table: str, *, quote: Callable[[str], str]) -> TableShape:
    """Return the shape of *table*.

    Raises:
        LookupError: there is no such table.
    """
    name = quote(table)
    fetch(
        Statement(sql="SELECT 1 FROM sqlite_master LIMIT 1")
    )  # a PRAGMA alone may answer from an old schema
    rows = fetch(Statement(sql=f"PRAGMA table_xinfo({name})"))
    if not rows:
        raise LookupError(table)
    key = [(row[5], row[1]) for row in rows if row[5]]
    primary_key = tuple(column for _, column in sorted(key))
    collations, uniques = _indexes(fetch, name, quote=quote)
    return TableShape(
        name=table,
        columns=tuple(_column(row, collations, primary_key) for row in rows),
        primary_key=primary_key,
        uniques=uniques,
        foreign_keys=_foreign_keys(fetch, table, quote=quote),
        referenced_by=_referenced_by(fetch, table, quote=quote),
        triggers=_triggers(fetch, table),
    )


def _column(row: tuple[Any, ...], collations: dict[str, str], primary_key: tuple[str, ...]) -> Column:
    _, name, declared, is_required, default, _, hidden = row
    kind = next((kind for part, kind in _KINDS if part in declared.lower()), Kind.OTHER)
    is_rowid = primary_key == (name,) and declared.lower() == "integer"
    return Column(
        name=name,
        kind=kind,
        type=declared.partition("(")[0].strip().lower(),
        definition=declared,
        is_nullable=not is_required and name not in primary_key,
        collation=collations.get(name, ""),
        default=default,
        is_generated=hidden in _HIDDEN_GENERATED,
        is_automatic=is_rowid,
    )


def _indexes(
    fetch: Fetch, name: str, *, quote: Callable[[str], str]
) -> tuple[dict[str, str], tuple[Unique, ...]]:
    """Return the collations of columns in unique indexes, and those indexes."""
    collations: dict[str, str] = {}
    uniques = []
    for _, index, is_unique, origin, is_partial in fetch(Statement(sql=f"PRAGMA index_list({name})")):
        if not is_unique:
            continue
        parts = fetch(Statement(sql=f"PRAGMA index_xinfo({quote(index)})"))
        columns = [(column, collation) for _, _, column, _, collation, is_key in parts if is_key and column]
        collations |= {column: collation for column, collation in columns if collation != "BINARY"}
        if origin != "pk" and not is_partial:
            uniques.append(Unique(name=index, columns=tuple(column for column, _ in columns)))
    return collations, tuple(uniques)


def _foreign_keys(fetch: Fetch, table: str, *, quote: Callable[[str], str]) -> tuple[ForeignKey, ...]:
    grouped: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in fetch(Statement(sql=f"PRAGMA foreign_key_list({quote(table)})")):
        grouped[row[0]].append(row)
    return tuple(
        ForeignKey(
            name=f"{table}.{','.join(row[3] for row in rows)}",
            table=table,
            columns=tuple(row[3] for row in rows),
            target_table=rows[0][2],
            target_columns=tuple(row[4] or "" for row in rows),
            on_delete=rows[0][6],
            on_update=rows[0][5],
        )
        for rows in grouped.values()
    )


def _referenced_by(fetch: Fetch, table: str, *, quote: Callable[[str], str]) -> tuple[ForeignKey, ...]:
    tables = fetch(Statement(sql="SELECT name FROM sqlite_master WHERE type = 'table'"))
    keys = [key for (name,) in tables for key in _foreign_keys(fetch, name, quote=quote)]
    return tuple(key for key in keys if key.target_table.lower() == table.lower())


def _triggers(fetch: Fetch, table: str) -> tuple[Trigger, ...]:
    sql = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s ORDER BY name"
    found = [(name, _EVENT.search(text)) for name, text in fetch(Statement(sql=sql, params=(table,)))]
    return tuple(
        Trigger(name=name, timing=(match["timing"] or "BEFORE").upper(), event=match["event"].upper())
        for name, match in found
        if match
    )
