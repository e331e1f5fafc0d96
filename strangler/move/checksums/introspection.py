"""Read a table's columns and primary key from its database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.errors import VerificationError
from strangler.move.checksums.columns import Column, Family, Table, classify

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_MYSQL_COLUMNS = """
    SELECT column_name, column_type, is_nullable = 'YES', COALESCE(character_set_name, '')
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s
    ORDER BY ordinal_position"""
_MYSQL_KEY = """
    SELECT column_name FROM information_schema.key_column_usage
    WHERE table_schema = DATABASE() AND table_name = %s AND constraint_name = 'PRIMARY'
    ORDER BY ordinal_position"""
_MARIADB_CHECKS = """
    SELECT check_clause FROM information_schema.check_constraints
    WHERE constraint_schema = DATABASE() AND table_name = %s"""
_POSTGRES_COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, ''
    FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%s)) AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum"""
_POSTGRES_KEY = """
    SELECT a.attname FROM pg_index AS i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indisprimary AND i.indrelid = to_regclass(quote_ident(%s)) ORDER BY k.place"""
_SQLITE_COLUMNS = "SELECT name, type, NOT \"notnull\", '' FROM pragma_table_info(%s) ORDER BY cid"
_SQLITE_KEY = "SELECT name FROM pragma_table_info(%s) WHERE pk ORDER BY pk"

_STATEMENTS = {
    "mysql": (_MYSQL_COLUMNS, _MYSQL_KEY),
    "postgresql": (_POSTGRES_COLUMNS, _POSTGRES_KEY),
    "sqlite": (_SQLITE_COLUMNS, _SQLITE_KEY),
}


def read_table(connection: BaseDatabaseWrapper, name: str) -> Table:
    """Return the columns and the primary key of table *name*.

    Raises:
        VerificationError: there is no such table, or it has no primary key.
    """
    columns, key = _STATEMENTS[connection.vendor]
    rows = _read(connection, columns, name)
    if not rows:
        raise VerificationError(f"{connection.alias} has no such table.", table=name)
    names = tuple(row[0] for row in _read(connection, key, name))
    if not names:
        raise VerificationError(f"it has no primary key in {connection.alias}.", table=name)
    checks = " ".join(row[0] for row in _read_checks(connection, name))
    read = tuple(_column(row, vendor=connection.vendor, checks=checks) for row in rows)
    return Table(name=name, columns=read, key=names)


def _column(row: tuple[Any, ...], *, vendor: str, checks: str) -> Column:
    name, declared, is_nullable, charset = row
    family, scale = classify(declared, vendor=vendor)
    if f"json_valid(`{name}`)" in checks.lower():
        family = Family.JSON  # MariaDB keeps JSON as a text that is checked
    return Column(
        name=name,
        declared=declared,
        family=family,
        scale=scale,
        is_nullable=bool(is_nullable),
        charset=charset,
    )


def _read_checks(connection: BaseDatabaseWrapper, table: str) -> list[tuple[Any, ...]]:
    is_mariadb = connection.vendor == "mysql" and getattr(connection, "mysql_is_mariadb", False)
    return _read(connection, _MARIADB_CHECKS, table) if is_mariadb else []


def _read(connection: BaseDatabaseWrapper, statement: str, table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [table])
        return list(cursor.fetchall())
