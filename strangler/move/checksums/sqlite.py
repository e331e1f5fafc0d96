"""Canonical texts of SQLite; it has no MD5, and so its sums are computed in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from strangler.move.checksums.base import Dialect
from strangler.move.checksums.pairs import Form
from strangler.move.checksums.sums import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.checksums.columns import Column

_NUMBERS = frozenset({Form.INTEGER, Form.DECIMAL, Form.DOUBLE, Form.DIGITS})


class SQLiteDialect(Dialect):
    """SQLite, where a value has a type of its own, whatever its column was declared to hold.

    The functions whose names begin with `strangler_` are those that `open` brings. Numbers are compared as numbers; any
    other value by its storage class and its text, so that the text `1` is not the number 1. Never -0.0: SQLite
    itself stores 0.0 for it.
    """

    can_digest: ClassVar = False
    closed: ClassVar = frozenset()

    def simple(self, column: Column, form: Form, quoted: str) -> str:
        if form in _NUMBERS:
            return _number_of(quoted)
        return _text_of(quoted)

    def decimal(self, column: Column, scale: int | None, quoted: str) -> str:
        return _number_of(quoted)

    def uuid(self, column: Column, quoted: str) -> str:
        return f"LOWER(REPLACE({_text_of(quoted)}, '-', ''))"

    def hexadecimal(self, column: Column, quoted: str) -> str:
        return _text_of(quoted)

    def open(self, connection: BaseDatabaseWrapper) -> None:
        """Teach the connection the functions that the statements use."""
        connection.ensure_connection()
        for name, function in _FUNCTIONS.items():
            connection.connection.create_function(name, 1, function, deterministic=True)

    def concatenate(self, parts: Sequence[str]) -> str:
        return f"({' || '.join(parts)})"

    def length(self, expression: str) -> str:
        return f"LENGTH(CAST({expression} AS BLOB))"

    def text(self, expression: str) -> str:
        return expression

    def md5(self, expression: str) -> str:
        return f"strangler_md5({expression})"

    def bucket(self, quoted: str) -> str:
        return f"{quoted} / %s"

    def sums(self, *, bucket: str, record: str, source: str) -> str:
        raise NotImplementedError("sums of SQLite are computed in Python; see can_digest")

    def placeholder(self, column: Column, form: Form) -> str:
        if form in _NUMBERS:
            return "CAST(%s AS NUMERIC)"
        return "strangler_bytes(%s)" if form is Form.HEXADECIMAL else "%s"


def _text_of(quoted: str) -> str:
    """Call Python only where SQLite can't say it: a call costs more than all the rest."""
    return f"CASE typeof({quoted}) WHEN 'text' THEN {quoted} ELSE strangler_text({quoted}) END"


def _number_of(quoted: str) -> str:
    return f"CASE typeof({quoted}) WHEN 'integer' THEN CAST({quoted} AS TEXT) ELSE strangler_number({quoted}) END"


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return f"{type(value).__name__}:{value.hex() if isinstance(value, bytes) else repr(value)}"


def _number(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    return None if value is None else f"text:{_text(value)}"


def _bytes(text: str) -> bytes | str:
    return bytes.fromhex(text.removeprefix("bytes:")) if text.startswith("bytes:") else text


_FUNCTIONS = {
    "strangler_text": _text,
    "strangler_number": _number,
    "strangler_bytes": _bytes,
    "strangler_md5": digest,
}
