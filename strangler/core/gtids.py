"""MySQL's global transaction ids: which transactions a server has executed, as sets that may have gaps.

Each transaction is numbered by the server (or group) where it was committed, from 1 on, and keeps that number everywhere. A replica with several
threads may have 7 before 6, so the highest number says little; MariaDB's ids, which have no gaps, are in `positions`.

Source: MySQL 8.4 Reference Manual, "GTID Format and Storage" (`uuid:1-5:7`, with tags `uuid:1-5:nightly:1-3`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Intervals = tuple[tuple[int, int], ...]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAG = re.compile(r"[a-z_][a-z0-9_]{0,31}")
_INTERVAL = re.compile(r"([0-9]{1,19})(?:-([0-9]{1,19}))?")


@dataclass(frozen=True, slots=True)
class GtidSet:
    """A set of transactions; the empty one is before everything.

    Args:
        sources: (`uuid`, or `uuid:tag`; first and last number of each stretch), ordered, stretches apart from each other.
    """

    sources: tuple[tuple[str, Intervals], ...] = ()

    @classmethod
    def of(cls, *stretches: tuple[str, int, int]) -> GtidSet:
        """Return the set of all numbers from the first to the last of each (source, first, last), in any order."""
        found: dict[str, list[tuple[int, int]]] = {}
        for source, first, last in stretches:
            found.setdefault(source, []).append((first, last))
        return cls(tuple((source, _merged(each)) for source, each in sorted(found.items())))

    @classmethod
    def parse(cls, text: str) -> GtidSet:
        """Return the set that MySQL or `str` wrote: `gtid_executed`, with its line ends.

        Raises:
            ValueError: neither did.
        """
        items = filter(None, (item.strip() for item in text.split(",")))
        return cls.of(*chain.from_iterable(map(_stretches, items)))

    def covers(self, other: GtidSet) -> bool:
        """Whether every transaction of *other* is in this set."""
        own = dict(self.sources)
        return all(_contain(own.get(source, ()), each) for source, each in other.sources)

    def joined(self, other: GtidSet) -> GtidSet:
        """Return the set of the transactions of both."""
        return GtidSet.of(*self._flat(), *other._flat())

    def _flat(self) -> Iterator[tuple[str, int, int]]:
        return ((source, first, last) for source, each in self.sources for first, last in each)

    def __str__(self) -> str:
        return ",".join(":".join([source, *map(_written, each)]) for source, each in self.sources)


def _stretches(item: str) -> Iterator[tuple[str, int, int]]:
    """Yield (source, first, last) of `uuid:1-5:7:tag:1-3`."""
    uuid, *parts = (part.strip() for part in item.lower().split(":"))
    if not _UUID.fullmatch(uuid) or not parts:
        raise ValueError(f"{item!r} is no set of transactions")
    source, is_open = uuid, False
    for part in parts:
        if _TAG.fullmatch(part) and not is_open:
            source, is_open = f"{uuid}:{part}", True
            continue
        found = _INTERVAL.fullmatch(part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < first <= last:
            raise ValueError(f"{part!r} is no stretch of transactions, in {item!r}")
        is_open = False
        yield source, first, last
    if is_open:
        raise ValueError(f"{item!r} ends with a tag")


def _merged(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """Return *intervals* in order; those that touch become one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(intervals):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _contain(own: Intervals, wanted: Intervals) -> bool:
    """Whether each of *wanted* is inside of one of *own*; they don't touch, so none is spread over two."""
    return all(any(start <= first and last <= end for start, end in own) for first, last in wanted)


def _written(interval: tuple[int, int]) -> str:
    first, last = interval
    return str(first) if first == last else f"{first}-{last}"
