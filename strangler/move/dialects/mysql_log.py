"""The changelog and its triggers on MariaDB and MySQL.

Note [Exact keys]: an update that changes only the case or the accents of a key is none for a collation that ignores
them, but the target may see two keys. So keys are compared as bytes, and both are logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.dialects.base import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strangler.move.dialects.base import Column

MOVER = "@strangler_mover"
"""The session variable by which triggers know a move's own writes, which are followed by nobody."""


def table(log: str, columns: Sequence[Column], *, quote: Callable[[str], str]) -> str:
    """Return the statement that makes changelog *log* for keys of *columns*."""
    keys = "".join(f", {quote(column.name)} {_definition(column)} NOT NULL" for column in columns)
    return (
        f"CREATE TABLE IF NOT EXISTS {quote(log)} (strangler_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
        f"strangler_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6){keys}) ENGINE=InnoDB"
    )


def _definition(column: Column) -> str:
    charset = f" CHARACTER SET {column.charset} COLLATE {column.collation}" if column.charset else ""
    return f"{column.definition}{charset}"


def trigger(name: str, *, event: str, on: str, body: str) -> str:
    """Return the statement that makes a trigger, unless it is there: a moment without it would lose changes."""
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {on} FOR EACH ROW "
        f"BEGIN IF {MOVER} IS NULL THEN {body} END IF; END"
    )


def body(event: str, *, log: str, columns: Sequence[Column], quote: Callable[[str], str]) -> str:
    """Return what the trigger of *event* does."""
    if event != "UPDATE":
        return _entry("NEW" if event == "INSERT" else "OLD", log=log, columns=columns, quote=quote)
    old = _entry("OLD", log=log, columns=columns, quote=quote)
    new = _entry("NEW", log=log, columns=columns, quote=quote)
    changed = " OR ".join(_differs(quote(column.name), column) for column in columns)
    return f"{old} IF {changed} THEN {new} END IF;"


def _entry(row: str, *, log: str, columns: Sequence[Column], quote: Callable[[str], str]) -> str:
    names = ", ".join(quote(column.name) for column in columns)
    values = ", ".join(f"{row}.{quote(column.name)}" for column in columns)
    return f"INSERT INTO {quote(log)} ({names}) VALUES ({values});"  # noqa: S608


def _differs(name: str, column: Column) -> str:
    """See Note [Exact keys]."""
    if column.kind is Kind.TEXT:
        return f"CAST(OLD.{name} AS BINARY) <> CAST(NEW.{name} AS BINARY)"
    return f"OLD.{name} <> NEW.{name}"
