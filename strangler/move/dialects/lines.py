r"""Rows as lines of text, which servers write and read. See Note [Rows as text] in `base`."""

from __future__ import annotations

import re

NULL = b"\\N"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LETTERS = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"0": b"\0", b"b": b"\b", b"Z": b"\x1a"}


def join(lines: list[bytes]) -> bytes:
    """Return *lines* as one text, each ended by a line feed; nothing for none."""
    return b"\n".join(lines) + b"\n" if lines else b""


def parse(line: bytes) -> list[str | None]:
    """Return the fields of one line, for a server that takes no lines."""
    return [None if field == NULL else _unescape(field).decode() for field in line.split(b"\t")]


def _unescape(field: bytes) -> bytes:
    if b"\\" not in field:
        return field
    return _ESCAPED.sub(lambda match: _LETTERS.get(match[1], match[1]), field)
