"""How the end of a request's body is found, refusing shapes that two servers may read differently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS = re.compile(r"[0-9]{1,18}")


class BadFramingError(ValueError):
    """The length of the body is ambiguous; its message is for the client."""


@dataclass(frozen=True, slots=True)
class Framing:
    """The extent of a request's body.

    Args:
        length: bytes; None when only the end of the stream tells.
    """

    length: int | None = 0

    @property
    def has_body(self) -> bool:
        """Whether there is anything to read."""
        return self.length != 0


NO_BODY = Framing(0)


def read_framing(lengths: Sequence[str], codings: Sequence[str], *, is_delimited: bool = False) -> Framing:
    """Return the extent of a body.

    Args:
        lengths: values of all `Content-Length` fields.
        codings: values of all `Transfer-Encoding` fields.
        is_delimited: the protocol itself marks the end (HTTP/2), so a body needs neither field.
    Raises:
        BadFramingError: both fields, several lengths, a length that is no number, a coding besides `chunked`.
    Source: RFC 9112 §6.1, §6.3.
    """
    if codings:
        if lengths:
            raise BadFramingError("A request can't have both Content-Length and Transfer-Encoding.")
        if len(codings) > 1 or codings[0].strip().lower() != "chunked":
            raise BadFramingError("The only Transfer-Encoding that is understood is chunked, once.")
        return Framing(None)
    if not lengths:
        return Framing(None if is_delimited else 0)
    if len(lengths) > 1 or not _DIGITS.fullmatch(lengths[0]):
        raise BadFramingError("Content-Length must be one whole number.")
    return Framing(int(lengths[0]))
