"""Read from PostgreSQL's catalogue what a table is like."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from strangler.move.dialects.base import Column, ForeignKey, Kind, Statement, TableShape, Trigger, Unique

if TYPE_CHECKING:
    from collections.abc import Callable

    Fetch = Callable[[Statement], list[tuple[Any, ...]]]

_KINDS = {
    "smallint": Kind.INTEGER,
    "integer": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "boolean": Kind.BOOLEAN,
    "numeric": Kind.DECIMAL,
    "real": Kind.FLOAT,
    "double precision": Kind.FLOAT,
    "character varying": Kind.TEXT,
    "character": Kind.TEXT,
    "text": Kind.TEXT,
    "bytea": Kind.BINARY,
    "date": Kind.DATE,
    "time without time zone": Kind.TIME,
    "time with time zone": Kind.TIME,
    "timestamp without time zone": Kind.DATETIME,
    "timestamp with time zone": Kind.DATETIME,
    "interval": Kind.INTERVAL,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "uuid": Kind.UUID,
}
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_MOMENTS = (Kind.TIME, Kind.DATETIME)
_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_TRIGGER_EVENTS = ((4, "INSERT"), (8, "DELETE"), (16, "UPDATE"), (32, "TRUNCATE"))

_TABLE = """SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = %s AND c.relkind IN ('r', 'p') AND n.nspname = current_schema()"""
_COLUMNS = """SELECT c.column_name, c.data_type, format_type(a.atttypid, a.atttypmod), c.is_nullable,
    c.character_maximum_length, c.numeric_precision, c.numeric_scale, c.datetime_precision, c.collation_name,
    c.column_default, c.is_generated = 'ALWAYS', c.is_identity = 'YES' OR c.column_default LIKE 'nextval(%%'
    FROM information_schema.columns c JOIN pg_attribute a ON a.attrelid = %s AND a.attname = c.column_name
    WHERE c.table_schema = current_schema() AND c.table_name = %s ORDER BY c.ordinal_position"""
_KEYS = """SELECT i.indexrelid::regclass::text, i.indisprimary, a.attname
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = %s AND i.indisunique ORDER BY i.indexrelid, k.place"""
_FOREIGN_KEYS = """SELECT c.conname, s.relname, t.relname, c.confdeltype::text, c.confupdtype::text, sa.attname, ta.attname
    FROM pg_constraint c JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
    CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(source, target, place)
    JOIN pg_attribute sa ON sa.attrelid = s.oid AND sa.attnum = k.source
    JOIN pg_attribute ta ON ta.attrelid = t.oid AND ta.attnum = k.target
    WHERE c.contype = 'f' AND {place} = %s ORDER BY c.conname, k.place"""
_TRIGGERS = "SELECT tgname, tgtype FROM pg_trigger WHERE tgrelid = %s AND NOT tgisinternal ORDER BY tgname"


def read(fetch: Fetch, table: str) -> TableShape:
    """Return the shape of *table* in the current schema.

    Raises:
        LookupError: there is no such table.
    """
    found = fetch(Statement(sql=_TABLE, params=(table,)))
    if not found:
        raise LookupError(table)
    oid = found[0][0]
    primary_key, uniques = _keys(fetch, oid)
    return TableShape(
        name=table,
        columns=tuple(_column(row) for row in fetch(Statement(sql=_COLUMNS, params=(oid, table)))),
        primary_key=primary_key,
        uniques=uniques,
        foreign_keys=_foreign_keys(fetch, "c.conrelid", oid),
        referenced_by=_foreign_keys(fetch, "c.confrelid", oid),
        triggers=tuple(_triggers(fetch, oid)),
    )


def _column(row: tuple[Any, ...]) -> Column:
    (
        name,
        type_,
        definition,
        nullable,
        length,
        precision,
        scale,
        fraction,
        collation,
        default,
        generated,
        auto,
    ) = row
    kind = _KINDS.get(type_, Kind.OTHER)
    return Column(
        name=name,
        kind=kind,
        type=type_,
        definition=definition,
        is_nullable=nullable == "YES",
        length=length,
        precision=fraction if kind in _MOMENTS else _BITS.get(type_, precision),
        scale=scale,
        collation=collation or "",
        default=default,
        is_generated=bool(generated),
        is_automatic=bool(auto),
    )


def _keys(fetch: Fetch, oid: int) -> tuple[tuple[str, ...], tuple[Unique, ...]]:
    keys: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for index, is_primary, column in fetch(Statement(sql=_KEYS, params=(oid,))):
        keys[not is_primary, index].append(column)
    primary = [tuple(columns) for (is_other, _), columns in keys.items() if not is_other]
    uniques = tuple(
        Unique(name=index, columns=tuple(columns)) for (is_other, index), columns in keys.items() if is_other
    )
    return (primary[0] if primary else ()), uniques


def _foreign_keys(fetch: Fetch, place: str, oid: int) -> tuple[ForeignKey, ...]:
    grouped: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    rows = fetch(Statement(sql=_FOREIGN_KEYS.format(place=place), params=(oid,)))
    for name, source, target, on_delete, on_update, column, target_column in rows:
        grouped[name, source, target, on_delete, on_update].append((column, target_column))
    return tuple(
        ForeignKey(
            name=name,
            table=source,
            columns=tuple(column for column, _ in pairs),
            target_table=target,
            target_columns=tuple(column for _, column in pairs),
            on_delete=_ACTIONS[on_delete],
            on_update=_ACTIONS[on_update],
        )
        for (name, source, target, on_delete, on_update), pairs in grouped.items()
    )


def _triggers(fetch: Fetch, oid: int) -> list[Trigger]:
    return [
        Trigger(name=name, timing="BEFORE" if bits & 2 else "AFTER", event=event)
        for name, bits in fetch(Statement(sql=_TRIGGERS, params=(oid,)))
        for bit, event in _TRIGGER_EVENTS
        if bits & bit
    ]
