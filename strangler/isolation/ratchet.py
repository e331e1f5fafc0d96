"""The list of violations that are allowed for the time being, each with a reason.

    [[allowed]]
    place = "shop.orders.views:receipt"
    table = "photos_photo"
    reason = "prints the title; goes when the receipt asks the service"

It only ever shrinks: what is not in it fails, and what is in it but does not happen any more fails too.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.errors import RatchetError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

KEYS = ("place", "table", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratchet:
    """What is allowed: (place, table) → reason."""

    allowed: dict[tuple[str, str], str]

    @classmethod
    def load(cls, path: Path) -> Ratchet:
        """Read the file at *path*.

        Raises:
            RatchetError: it can't be read, has an unknown key, lists something twice or without a reason.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise RatchetError(f"can't be read: {error}", path=path) from error
        allowed: dict[tuple[str, str], str] = {}
        for number, entry in enumerate(document.get("allowed", []), start=1):
            place, table, reason = _read(entry, number=number, path=path)
            if (place, table) in allowed:
                raise RatchetError(f"lists {place} on {table} twice.", path=path)
            allowed[place, table] = reason
        return cls(allowed=allowed)

    def allows(self, place: str, table: str) -> bool:
        """Return whether code at *place* may touch *table* for now."""
        return (place, table) in self.allowed

    def stale(self, seen: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the entries that a whole run of the tests has not *seen*."""
        return sorted(set(self.allowed) - set(seen))


def _read(entry: dict[str, object], *, number: int, path: Path) -> tuple[str, str, str]:
    for key in entry:
        if key not in KEYS:
            raise RatchetError(f"entry {number} has no key {key!r}.{did_you_mean(key, KEYS)}", path=path)
    values = [str(entry.get(key, "")).strip() for key in KEYS]
    if not all(values):
        missing = KEYS[values.index("")]
        raise RatchetError(
            f"entry {number} has no {missing}. Every entry needs place, table and reason.", path=path
        )
    return values[0], values[1], values[2]
