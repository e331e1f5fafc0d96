"""How PostgreSQL writes a row for another engine, when a move across engines follows backwards. See Note [Rows as text] in `base`.

For itself COPY writes each column as it is. MariaDB and MySQL read the same lines, but other words: 1 for true, moments
without a zone, UUIDs without hyphens where they are text, bytes as hexadecimals; and they know two escapes less.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strangler.move.dialects.base import Kind

if TYPE_CHECKING:
    from strangler.move.dialects.base import Column, Columns

_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_UNKNOWN_THERE = {b"f": b"\f", b"v": b"\v"}
_MOMENT = "'YYYY-MM-DD HH24:MI:SS.US'"


def field(name: str, column: Column, *, target: Column) -> str:
    """Return the expression that writes one column as the text which *target* reads; *name* is quoted."""
    if column.kind is Kind.BOOLEAN and target.type != "boolean":
        return f"{name}::int"
    if column.kind is Kind.BINARY and target.type != "bytea":
        return f"encode({name}, 'hex')"
    if column.kind is Kind.UUID and target.kind is Kind.TEXT:
        return f"replace({name}::text, '-', '')" if is_foreign((target,)) else name
    if column.kind is Kind.DATETIME and is_foreign((target,)):
        moment = f"{name} AT TIME ZONE 'UTC'" if column.type.endswith(" with time zone") else name
        return f"to_char({moment}, {_MOMENT})"
    return name


def is_foreign(targets: Columns) -> bool:
    """Tell whether columns are another engine's, by the names of types that PostgreSQL does not have."""
    names = {column.type for column in targets}
    return bool(
        names
        & {"tinyint", "mediumint", "int", "double", "datetime", "varchar", "char", "longtext", "timestamp"}
    )


def readable(lines: bytes, *, targets: Columns) -> bytes:
    """Return *lines* without the escapes that only PostgreSQL knows, where *targets* are another engine's."""
    if not is_foreign(targets) or (b"\\f" not in lines and b"\\v" not in lines):
        return lines
    return _ESCAPED.sub(lambda match: _UNKNOWN_THERE.get(match[1], match[0]), lines)
