"""What an engine has to be able to say in SQL, so that its rows can be compared with another engine's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from strangler.move.checksums.pairs import CLOSED, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.move.checksums.columns import Column

ESCAPED = "%%"
"""A percent sign in a statement that has parameters, as all of these have."""


class Dialect(ABC):
    """The words of one engine. Every method returns SQL; none touches a database."""

    prepare: ClassVar[tuple[str, ...]] = ()
    """Statements that a session begins with: UTC, no silent corrections."""
    can_digest: ClassVar[bool] = True
    """Whether the engine computes the sums itself; else they are computed from its canonical texts."""
    closed: ClassVar[frozenset[Form]] = CLOSED
    """Forms whose texts end with a comma in a record. See Note [Canonical texts]."""

    def open(self, connection: BaseDatabaseWrapper) -> None:
        """Prepare a session that is used for nothing else."""
        with connection.cursor() as cursor:
            for statement in self.prepare:
                cursor.execute(statement)

    def encode(self, column: Column, form: Form, *, scale: int | None, quoted: str) -> str:
        """Return the expression of a column's canonical text; NULL stays NULL.

        Args:
            column: what is known of the column.
            form, scale: of the pair.
            quoted: the column's name as the engine wants it.
        """
        if form is Form.UUID:
            return self.uuid(column, quoted)
        if form is Form.HEXADECIMAL:
            return self.hexadecimal(column, quoted)
        if form is Form.DECIMAL:
            return self.decimal(column, scale, quoted)
        return self.simple(column, form, quoted)

    @abstractmethod
    def simple(self, column: Column, form: Form, quoted: str) -> str:
        """Return the expression of a form that needs no more than the column."""

    @abstractmethod
    def decimal(self, column: Column, scale: int | None, quoted: str) -> str:
        """Return a decimal with *scale* digits after its point, or without trailing zeros if that is None."""

    @abstractmethod
    def uuid(self, column: Column, quoted: str) -> str:
        """Return a UUID as 32 lower-case hexadecimals, whether it is kept as UUID, text or bytes."""

    @abstractmethod
    def hexadecimal(self, column: Column, quoted: str) -> str:
        """Return bytes, or the UTF-8 of a text, as upper-case hexadecimals."""

    @abstractmethod
    def concatenate(self, parts: Sequence[str]) -> str:
        """Return the expression that puts texts and numbers together, byte for byte."""

    @abstractmethod
    def length(self, expression: str) -> str:
        """Return the number of bytes of a text in UTF-8."""

    @abstractmethod
    def text(self, expression: str) -> str:
        """Return *expression* as a text that its driver hands over untouched."""

    @abstractmethod
    def bucket(self, quoted: str) -> str:
        """Return the bucket of a whole-number key: key over one parameter, rounded towards zero."""

    @abstractmethod
    def sums(self, *, bucket: str, record: str, source: str) -> str:
        """Return the statement for bucket, COUNT and both sums of the rows of *source*, by bucket.

        Args:
            bucket, record: expressions.
            source: table and condition.
        """

    @abstractmethod
    def md5(self, expression: str) -> str:
        """Return the MD5 of a text as lower-case hexadecimals."""

    def placeholder(self, column: Column, form: Form) -> str:
        """Return the place of a parameter that turns a canonical text of a key back into the column's value."""
        return "%s"

    def record(self, fields: Sequence[tuple[str, bool, bool]]) -> str:
        """Return the expression of a row's record; `sums.record` says the same in Python.

        Args:
            fields: expression, whether NULL is possible, whether the text is of a closed alphabet.
        """
        bitmap = [self.flag(expression) for expression, is_nullable, _ in fields if is_nullable]
        parts: list[str] = []
        for expression, is_nullable, is_closed in fields:
            value = f"COALESCE({expression}, '')" if is_nullable else expression
            parts += [value, "','"] if is_closed else [self.length(value), "':'", value]
        return self.concatenate([*bitmap, *parts])

    def flag(self, expression: str) -> str:
        """Return 1 for NULL and 0 for anything else."""
        return f"({expression} IS NULL)"
