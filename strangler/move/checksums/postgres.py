"""Canonical texts and sums of PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from strangler.move.checksums.base import Dialect
from strangler.move.checksums.columns import Family
from strangler.move.checksums.pairs import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.move.checksums.columns import Column


class PostgresDialect(Dialect):
    """PostgreSQL 13 and later, with a database in UTF-8."""

    prepare: ClassVar = (
        "SET TIME ZONE 'UTC'",
        "SET datestyle = 'ISO, YMD'",
        "SET intervalstyle = 'postgres'",
        "SET extra_float_digits = 1",
        "SET bytea_output = 'hex'",
    )

    def simple(self, column: Column, form: Form, quoted: str) -> str:
        chosen = {
            (Form.INTEGER, Family.BOOLEAN): "{0}::int::text",
            (Form.INTEGER, Family.BITS): "{0}::int::text",
            (
                Form.MICROSECONDS,
                Family.INTERVAL,
            ): "trim_scale(EXTRACT(EPOCH FROM {0})::numeric * 1000000)::text",
            (Form.ADDRESS, Family.ADDRESS): "abbrev({0})" if column.declared == "inet" else "{0}::text",
        }.get((form, column.family), _TEXTS.get(form, "{0}::text"))
        return _digits(f"{quoted}::float8") if form is Form.DIGITS else chosen.format(quoted)

    def decimal(self, column: Column, scale: int | None, quoted: str) -> str:
        if scale is None:
            return f"trim_scale({quoted})::text"
        return f"{quoted}::text" if column.scale == scale else f"round({quoted}, {scale})::text"

    def uuid(self, column: Column, quoted: str) -> str:
        if column.family is Family.BINARY:
            return f"encode({quoted}, 'hex')"
        return f"lower(replace({quoted}::text, '-', ''))"

    def hexadecimal(self, column: Column, quoted: str) -> str:
        octets = f"convert_to({quoted}, 'UTF8')" if column.family is Family.TEXT else quoted
        return f"upper(encode({octets}, 'hex'))"

    def concatenate(self, parts: Sequence[str]) -> str:
        return f"concat({', '.join(parts)})"

    def length(self, expression: str) -> str:
        return f"octet_length({expression})"

    def text(self, expression: str) -> str:
        return f"({expression})::text"

    def flag(self, expression: str) -> str:
        return f"({expression} IS NULL)::int"

    def md5(self, expression: str) -> str:
        return f"md5({expression})"

    def bucket(self, quoted: str) -> str:
        return f"{quoted} / %s"

    def sums(self, *, bucket: str, record: str, source: str) -> str:
        # OFFSET 0 keeps the planner from unfolding the inner query and computing MD5 for each half.
        inner = f"SELECT {bucket} AS bucket, md5({record}) AS digest FROM {source} OFFSET 0"
        first, second = (f"SUM(('x' || {side}(digest, 16))::bit(64)::bigint)" for side in ("left", "right"))
        return f"SELECT bucket, COUNT(*), {first}, {second} FROM ({inner}) AS rows_of_page GROUP BY bucket"

    def placeholder(self, column: Column, form: Form) -> str:
        if column.family is Family.BINARY:
            return "decode(%s, 'hex')"
        if column.family is Family.BOOLEAN:
            return "%s::int::boolean"
        return f"CAST(%s AS {column.declared})"


_USUAL = "{0} >= '0001-01-01' AND {0} < '10000-01-01'"
_TEXTS = {
    Form.DOUBLE: "{0}::float8::text",
    Form.TIME: "to_char({0}::interval, 'HH24:MI:SS.US')",
    # Infinities and years without four digits keep PostgreSQL's own words.
    Form.DATETIME: f"CASE WHEN {_USUAL} THEN to_char({{0}}, 'YYYY-MM-DD HH24:MI:SS.US') ELSE {{0}}::text END",
}


def _digits(expression: str) -> str:
    """Spell a double as MariaDB's dialect does: sign, significant digits, `e` and the exponent of 0.DIGITS."""
    text = f"ltrim({expression}::text, '-')"
    mantissa = f"split_part({text}, 'e', 1)"
    exponent = f"COALESCE(NULLIF(split_part({text}, 'e', 2), ''), '0')::int"
    digits = f"replace({mantissa}, '.', '')"
    whole = f"length(split_part({mantissa}, '.', 1))"
    zeros = f"length({digits}) - length(ltrim({digits}, '0'))"
    sign = f"CASE WHEN left({expression}::text, 1) = '-' THEN '-' ELSE '' END"
    number = f"concat(btrim({digits}, '0'), 'e', {whole} - ({zeros}) + {exponent})"
    is_number = f"{expression} = 0 OR {expression}::text IN ('NaN', 'Infinity', '-Infinity')"
    special = f"CASE WHEN {expression} = 0 THEN '0' ELSE {text} END"
    value = f"{sign} || CASE WHEN {is_number} THEN {special} ELSE {number} END"
    return f"(CASE WHEN {expression} IS NULL THEN NULL ELSE {value} END)"
