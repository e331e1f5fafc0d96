"""Canonical texts and sums of MariaDB and MySQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from strangler.move.checksums.base import Dialect
from strangler.move.checksums.columns import Family
from strangler.move.checksums.pairs import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.move.checksums.columns import Column

MICROSECONDS = 6


class MySQLDialect(Dialect):
    """MariaDB and MySQL.

    A record is put together as bytes (`_binary ''` comes first), so that no collation has a say, and a session without
    NO_ZERO_DATE shows zero dates as they are.
    """

    prepare: ClassVar = (
        "SET SESSION time_zone = '+00:00', sql_mode = '', div_precision_increment = 4",
        "SET NAMES utf8mb4",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )

    def simple(self, column: Column, form: Form, quoted: str) -> str:
        if form is Form.DIGITS:
            return _digits(_double(column, quoted))
        if form is Form.DOUBLE:
            return _double(column, quoted)
        if form in {Form.TIME, Form.DATETIME}:
            return _moment(column, form, quoted)
        if form is Form.INTEGER and column.family is Family.BITS:
            return f"({quoted} + 0)"
        if column.family is Family.TEXT and column.charset != "utf8mb4":
            return f"CONVERT({quoted} USING utf8mb4)"
        return quoted

    def decimal(self, column: Column, scale: int | None, quoted: str) -> str:
        if scale is None:
            return _without_zeros(quoted) if column.scale else quoted
        return quoted if column.scale == scale else f"CAST({quoted} AS DECIMAL(65, {scale}))"

    def uuid(self, column: Column, quoted: str) -> str:
        if column.family is Family.BINARY:
            return f"LOWER(HEX({quoted}))"
        return f"LOWER(REPLACE(CAST({quoted} AS CHAR), '-', ''))"

    def hexadecimal(self, column: Column, quoted: str) -> str:
        is_text = column.family is Family.TEXT and column.charset != "utf8mb4"
        return f"HEX(CONVERT({quoted} USING utf8mb4))" if is_text else f"HEX({quoted})"

    def concatenate(self, parts: Sequence[str]) -> str:
        return f"CONCAT(_binary '', {', '.join(parts)})"

    def length(self, expression: str) -> str:
        return f"LENGTH({expression})"

    def text(self, expression: str) -> str:
        return f"CAST({expression} AS CHAR)"

    def md5(self, expression: str) -> str:
        return f"MD5({expression})"

    def bucket(self, quoted: str) -> str:
        return f"{quoted} DIV %s"

    def sums(self, *, bucket: str, record: str, source: str) -> str:
        # The variable keeps MD5 from being computed for each half; MariaDB would unfold a derived table.
        first = f"SUM(CAST(CONV(LEFT(@strangler_digest := MD5({record}), 16), 16, 10) AS UNSIGNED))"
        second = "SUM(CAST(CONV(RIGHT(@strangler_digest, 16), 16, 10) AS UNSIGNED))"
        return f"SELECT {bucket} AS bucket, COUNT(*), {first}, {second} FROM {source} GROUP BY 1"

    def placeholder(self, column: Column, form: Form) -> str:
        if column.family is Family.BINARY and form in {Form.HEXADECIMAL, Form.UUID}:
            return "UNHEX(%s)"
        if form is Form.UUID and column.declared == "char(36)":
            return "INSERT(INSERT(INSERT(INSERT(%s, 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-')"
        return "%s"


def _double(column: Column, quoted: str) -> str:
    """Widen a single, which shows only six of its digits; times one, and not plus zero, keeps the sign of -0."""
    return f"({quoted} * 1e0)" if column.family is Family.SINGLE else quoted


def _moment(column: Column, form: Form, quoted: str) -> str:
    is_exact = column.scale == MICROSECONDS and column.family is not Family.DATE
    kind = "TIME" if form is Form.TIME else "DATETIME"
    return quoted if is_exact else f"CAST({quoted} AS {kind}({MICROSECONDS}))"


def _without_zeros(expression: str) -> str:
    return f"TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM {expression}))"


def _digits(expression: str) -> str:
    """Spell a double as sign, significant digits, `e` and the exponent of 0.DIGITS, whichever notation is chosen."""
    text = f"TRIM(LEADING '-' FROM CAST({expression} AS CHAR))"
    mantissa = f"SUBSTRING_INDEX({text}, 'e', 1)"
    exponent = f"IF(LOCATE('e', {text}), CAST(SUBSTRING_INDEX({text}, 'e', -1) AS SIGNED), 0)"
    digits = f"REPLACE({mantissa}, '.', '')"
    whole = f"CHAR_LENGTH(SUBSTRING_INDEX({mantissa}, '.', 1))"
    zeros = f"CHAR_LENGTH({digits}) - CHAR_LENGTH(TRIM(LEADING '0' FROM {digits}))"
    sign = f"IF(LEFT(CAST({expression} AS CHAR), 1) = '-', '-', '')"
    number = f"CONCAT(TRIM(BOTH '0' FROM {digits}), 'e', {whole} - ({zeros}) + {exponent})"
    return f"IF({expression} IS NULL, NULL, CONCAT({sign}, IF({expression} = 0, '0', {number})))"
