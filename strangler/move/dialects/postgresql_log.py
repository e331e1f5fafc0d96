"""The changelog and its triggers on PostgreSQL. Unlike elsewhere, emptying a table as a whole is logged too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strangler.move.dialects.base import Column

MOVER = "strangler.mover"
"""The session setting by which triggers know a move's own writes, which are followed by nobody."""


def table(log: str, columns: Sequence[Column], *, quote: Callable[[str], str]) -> str:
    """Return the statement that makes changelog *log*; an entry without a key tells that all rows went."""
    keys = "".join(f", {quote(column.name)} {_definition(column, quote)}" for column in columns)
    return (
        f"CREATE TABLE IF NOT EXISTS {quote(log)} (strangler_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        f"strangler_at timestamptz NOT NULL DEFAULT clock_timestamp(){keys})"
    )


def _definition(column: Column, quote: Callable[[str], str]) -> str:
    return column.definition + (f" COLLATE {quote(column.collation)}" if column.collation else "")


def function(name: str, *, log: str, columns: Sequence[Column], quote: Callable[[str], str]) -> str:
    """Return the statement that makes the function of all triggers of one table."""
    old, new = (_entry(row, log=log, columns=columns, quote=quote) for row in ("OLD", "NEW"))
    names = [quote(column.name) for column in columns]
    changed = " OR ".join(f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in names)
    return f"""CREATE OR REPLACE FUNCTION {quote(name)}() RETURNS trigger LANGUAGE plpgsql AS $strangler$
BEGIN
  IF current_setting('{MOVER}', true) = 'on' THEN RETURN NULL; END IF;
  IF TG_OP = 'TRUNCATE' THEN INSERT INTO {quote(log)} DEFAULT VALUES;
  ELSIF TG_OP = 'INSERT' THEN {new}
  ELSIF TG_OP = 'DELETE' THEN {old}
  ELSE {old} IF {changed} THEN {new} END IF;
  END IF;
  RETURN NULL;
END $strangler$"""


def triggers(name: str, *, on: str) -> list[str]:
    """Return the statements that make the triggers; replacing one leaves no moment without it."""
    rows = f"AFTER INSERT OR UPDATE OR DELETE ON {on} FOR EACH ROW"
    rows = f"AFTER INSERT OR UPDATE OR DELETE ON {on} FOR EACH ROW"
    return [
        f"CREATE OR REPLACE TRIGGER {name} {rows} EXECUTE FUNCTION {name}()",
        f"CREATE OR REPLACE TRIGGER {name}_all AFTER TRUNCATE ON {on} EXECUTE FUNCTION {name}()",
    ]


def _entry(row: str, *, log: str, columns: Sequence[Column], quote: Callable[[str], str]) -> str:
    names = ", ".join(quote(column.name) for column in columns)
    values = ", ".join(f"{row}.{quote(column.name)}" for column in columns)
    return f"INSERT INTO {quote(log)} ({names}) VALUES ({values});"  # noqa: S608
