"""Turn what a driver or a caller passes into JSON, the same for the same value on every engine."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from strangler.core.messages import JSON

LONGEST_TEXT = 4_000
"""Characters; of longer texts and of bytes the digest is kept."""


def as_json(value: Any) -> JSON:
    """Return *value* as JSON; what has no form of its own becomes its text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else digest(value.encode(errors="replace"))
    if isinstance(value, bytes | bytearray | memoryview):
        return digest(bytes(value))
    if isinstance(value, dict):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(each) for each in value]
    return _text(value)


def digest(content: bytes) -> str:
    """Return what stands for *content*."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _text(value: Any) -> JSON:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return moment.isoformat(sep=" ")
    if isinstance(value, UUID):
        return value.hex  # as Django stores it where there is no type for it
    if isinstance(value, date | time | timedelta | Decimal):
        return str(value)
    wrapped = getattr(value, "obj", value)  # psycopg's Jsonb
    return as_json(wrapped) if wrapped is not value else str(value)
