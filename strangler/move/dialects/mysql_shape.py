"""Read from MariaDB's and MySQL's information_schema what a table is like."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import OperationalError

from strangler.move.dialects.base import Column, ForeignKey, Kind, Statement, TableShape, Trigger, Unique

if TYPE_CHECKING:
    from collections.abc import Callable

    Fetch = Callable[[Statement], list[tuple[Any, ...]]]

_KINDS = {
    "tinyint": Kind.INTEGER,
    "smallint": Kind.INTEGER,
    "mediumint": Kind.INTEGER,
    "int": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "year": Kind.INTEGER,
    "decimal": Kind.DECIMAL,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "tinytext": Kind.TEXT,
    "text": Kind.TEXT,
    "mediumtext": Kind.TEXT,
    "longtext": Kind.TEXT,
    "enum": Kind.TEXT,
    "set": Kind.TEXT,
    "binary": Kind.BINARY,
    "varbinary": Kind.BINARY,
    "tinyblob": Kind.BINARY,
    "blob": Kind.BINARY,
    "mediumblob": Kind.BINARY,
    "longblob": Kind.BINARY,
    "bit": Kind.BIT,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "datetime": Kind.DATETIME,
    "timestamp": Kind.DATETIME,
    "json": Kind.JSON,
    "uuid": Kind.UUID,
}
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64, "year": 16}
_JSON_CHECK = re.compile(r"json_valid\(`([^`]+)`\)", re.IGNORECASE)
_WIDTH = re.compile(r"^(tinyint|smallint|mediumint|int|bigint)\(\d+\)")


def read(fetch: Fetch, table: str, *, is_mariadb: bool) -> TableShape:
    """Return the shape of *table* of the current database.

    Raises:
        LookupError: there is no such table.
    """
    return replace(
        glance(fetch, table, is_mariadb=is_mariadb),
        foreign_keys=_foreign_keys(fetch, "k.TABLE_NAME", table),
        referenced_by=_foreign_keys(fetch, "k.REFERENCED_TABLE_NAME", table),
        triggers=tuple(
            Trigger(name=name, timing=timing, event=event)
            for name, timing, event in fetch(Statement(sql=_TRIGGERS, params=(table,)))
        ),
    )


def glance(fetch: Fetch, table: str, *, is_mariadb: bool) -> TableShape:
    """Return the shape of *table* without foreign keys and triggers, for which the server may open every table.

    Raises:
        LookupError: there is no such table.
    """
    found = fetch(Statement(sql=_TABLE, params=(table,)))
    if not found:
        raise LookupError(table)
    json_columns = _json_columns(fetch, table) if is_mariadb else set()
    columns = fetch(Statement(sql=_COLUMNS, params=(table,)))
    primary_key, uniques = _keys(fetch, table)
    return TableShape(
        name=table,
        columns=tuple(_column(row, json_columns) for row in columns),
        primary_key=primary_key,
        uniques=uniques,
        engine=str(found[0][0] or ""),
        generation=generation(fetch, table, is_mariadb=is_mariadb),
    )


def generation(fetch: Fetch, table: str, *, is_mariadb: bool) -> str:
    """Return InnoDB's number of the table, which TRUNCATE and a rebuild change; empty without the PROCESS privilege."""
    place = "INNODB_SYS_TABLES" if is_mariadb else "INNODB_TABLES"
    sql = f"SELECT TABLE_ID FROM information_schema.{place} WHERE NAME = CONCAT(DATABASE(), '/', %s)"  # noqa: S608
    try:
        rows = fetch(Statement(sql=sql, params=(table,)))
    except OperationalError as error:
        if error.args[0] != ACCESS_DENIED:
            raise
        return ""
    return str(rows[0][0]) if rows else ""


ACCESS_DENIED = 1227
_TABLE = """SELECT ENGINE FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND TABLE_TYPE = 'BASE TABLE'"""
_COLUMNS = """SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION,
    NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_DEFAULT, EXTRA
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION"""
_KEYS = """SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND NON_UNIQUE = 0 ORDER BY INDEX_NAME, SEQ_IN_INDEX"""
_TRIGGERS = """SELECT TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION FROM information_schema.TRIGGERS
    WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = %s ORDER BY TRIGGER_NAME"""
_FOREIGN_KEYS = """SELECT k.CONSTRAINT_NAME, k.TABLE_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME,
    k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, r.UPDATE_RULE
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
    ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
    AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.TABLE_SCHEMA = DATABASE() AND {place} = %s ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION"""
_CHECKS = """SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE() AND TABLE_NAME = %s"""


def _column(row: tuple[Any, ...], json_columns: set[str]) -> Column:
    (
        name,
        type_,
        definition,
        nullable,
        length,
        precision,
        scale,
        fraction,
        charset,
        collation,
        default,
        extra,
    ) = row
    kind = Kind.JSON if name in json_columns else _KINDS.get(type_, Kind.OTHER)
    if definition.startswith("tinyint(1)"):
        kind = Kind.BOOLEAN
    return Column(
        name=name,
        kind=kind,
        type=type_,
        definition=_WIDTH.sub(r"\1", definition) if kind is not Kind.BOOLEAN else definition,
        is_nullable=nullable == "YES",
        length=length,
        precision=_BITS.get(type_, fraction if fraction is not None else precision),
        scale=scale,
        is_unsigned="unsigned" in definition,
        charset=charset or "",
        collation=collation or "",
        default=default,
        is_generated="GENERATED" in extra.upper() and "DEFAULT_GENERATED" not in extra.upper(),
        is_automatic="auto_increment" in extra.lower(),
    )


def _json_columns(fetch: Fetch, table: str) -> set[str]:
    """MariaDB keeps JSON as text that a check constraint guards."""
    clauses = fetch(Statement(sql=_CHECKS, params=(table,)))
    return {match[1] for (clause,) in clauses if (match := _JSON_CHECK.search(str(clause)))}


def _keys(fetch: Fetch, table: str) -> tuple[tuple[str, ...], tuple[Unique, ...]]:
    keys: dict[str, list[str]] = defaultdict(list)
    for index, column in fetch(Statement(sql=_KEYS, params=(table,))):
        keys[index].append(column)
    primary = tuple(keys.pop("PRIMARY", ()))
    return primary, tuple(Unique(name=name, columns=tuple(columns)) for name, columns in keys.items())


def _foreign_keys(fetch: Fetch, place: str, table: str) -> tuple[ForeignKey, ...]:
    grouped: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for name, source, column, target, target_column, on_delete, on_update in fetch(
        Statement(sql=_FOREIGN_KEYS.format(place=place), params=(table,))
    ):
        grouped[name, source, target, on_delete, on_update].append((column, target_column))
    return tuple(
        ForeignKey(
            name=name,
            table=source,
            columns=tuple(column for column, _ in pairs),
            target_table=target,
            target_columns=tuple(column for _, column in pairs),
            on_delete=on_delete,
            on_update=on_update,
        )
        for (name, source, target, on_delete, on_update), pairs in grouped.items()
    )
