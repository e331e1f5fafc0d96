"""How MariaDB and MySQL write a row as a line, and how they read one. See Note [Rows as text] in `base`.

The server joins and escapes, in binary, so that neither Python nor a character set touches a byte on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.move.dialects.base import Kind

if TYPE_CHECKING:
    from strangler.move.dialects.base import Column

_PLAIN = {
    **dict.fromkeys((Kind.INTEGER, Kind.BOOLEAN, Kind.DECIMAL), "{name}"),
    **dict.fromkeys((Kind.DATE, Kind.TIME, Kind.DATETIME, Kind.UUID), "CAST({name} AS CHAR)"),
    Kind.BIT: "({name} + 0)",
}
_ESCAPES = (("0x5C", "0x5C5C"), ("0x09", "0x5C74"), ("0x0A", "0x5C6E"))
_RETURN = ("0x0D", "0x5C72")


def line(names: list[str], columns: tuple[Column, ...], *, targets: tuple[Column, ...]) -> str:
    """Return the expression that makes one line of a row; *names* are quoted, *targets* what the fields go into."""
    fields = (
        f"IFNULL({field(name, column, target=target)}, 0x5C4E)"
        for name, column, target in zip(names, columns, targets, strict=True)
    )
    return f"CONCAT_WS(0x09, {', '.join(fields)})"


def field(name: str, column: Column, *, target: Column) -> str:
    """Return the expression that writes one column as the text which *target* reads."""
    if column.kind is Kind.BINARY:
        return f"CONCAT(0x5C5C78, HEX({name}))" if target.type == "bytea" else f"HEX({name})"
    if column.kind is Kind.UUID and target.kind is Kind.TEXT:
        return f"REPLACE({name}, '-', '')"
    if column.kind is Kind.FLOAT:
        return f"CAST({name} AS DOUBLE)"  # as FLOAT it would be written with six digits of nine
    if column.kind in _PLAIN:
        return _PLAIN[column.kind].format(name=name)
    text = name if column.charset == "utf8mb4" else f"CONVERT({name} USING utf8mb4)"
    return escaped(f"CAST({text} AS BINARY)", target=target)


def escaped(expression: str, *, target: Column) -> str:
    """Return *expression* with a backslash before what divides fields and lines.

    PostgreSQL, whose columns have no character set of their own, wants a carriage return marked as well.
    """
    for what, by in _ESCAPES if target.charset else (*_ESCAPES, _RETURN):
        expression = f"REPLACE({expression}, {what}, {by})"
    return expression


def assignment(name: str, variable: str, column: Column) -> str:
    """Return `name = expression` for a column that does not read its text as it is; empty for one that does."""
    if column.kind is Kind.BINARY:
        return f"{name} = UNHEX({variable})"
    if column.kind is Kind.BIT:
        return f"{name} = CAST({variable} AS UNSIGNED)"
    return ""


def value(column: Column) -> str:
    """Return the placeholder of a key's value, compared as the column compares. See Note [Key order] in `base`."""
    if column.kind is Kind.BINARY:
        return "UNHEX(%s)"
    if column.kind is Kind.DECIMAL:
        return f"CAST(%s AS DECIMAL({column.precision}, {column.scale}))"
    if column.charset:
        return f"CONVERT(%s USING {column.charset}) COLLATE {column.collation}"
    return "%s"


def text(name: str, column: Column) -> str:
    """Return the expression that gives a key's value as integer or text."""
    if column.kind in (Kind.INTEGER, Kind.BOOLEAN):
        return name
    if column.kind is Kind.BINARY:
        return f"HEX({name})"
    return f"CONVERT({name} USING utf8mb4)" if column.charset else f"CAST({name} AS CHAR)"
