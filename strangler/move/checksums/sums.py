"""Digests of rows, and the two sums that stand for a set of them.

Note [Two sums]: a row's digest is the MD5 of its record; its halves are added up on their own, modulo 2^64. A
sum does not depend on the order of rows. Unlike `BIT_XOR(CRC32(…))`, it can't be blind to the same change in an even
number of rows: CRC32 is affine, so equal changes cancel out under XOR; MD5 is not, and nothing cancels out when added.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULUS = 2**64


class Sums(NamedTuple):
    """How many rows there are, and the sums of both halves of their digests modulo 2^64."""

    rows: int = 0
    first: int = 0
    second: int = 0

    def plus(self, count: int, first: int, second: int) -> Sums:
        """Return the sums of both sets; signed halves of an engine without unsigned numbers are welcome."""
        return Sums(
            self.rows + count, (self.first + int(first)) % MODULUS, (self.second + int(second)) % MODULUS
        )


def record(fields: Iterable[tuple[str | None, bool, bool]]) -> str:
    """Return the record of one row, as the engines put it together in SQL.

    Args:
        fields: canonical text or None for NULL, whether NULL is possible, whether the text is of a closed alphabet.
    """
    bitmap, parts = [], []
    for text, is_nullable, is_closed in fields:
        if is_nullable:
            bitmap.append("1" if text is None else "0")
        value = text or ""
        parts.append(f"{value}," if is_closed else f"{len(value.encode())}:{value}")
    return "".join([*bitmap, *parts])


def digest(text: str) -> str:
    """Return the MD5 of a record as 32 hexadecimals."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def halves(hexadecimals: str) -> tuple[int, int]:
    """Return both halves of a digest as numbers."""
    return int(hexadecimals[:16], 16), int(hexadecimals[16:], 16)
