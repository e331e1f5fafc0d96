"""How far a database server has come in what its primary writes.

MariaDB numbers the transactions of each domain (its GTID without the server), PostgreSQL the bytes of its log (its
LSN, here the only domain, 0). MySQL has sets of transactions (`gtids`). Positions of one cluster can be compared; a position
says nothing about time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from strangler.core.gtids import GtidSet


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream of changes; the empty one is before everything.

    Args:
        numbers: (domain, number of its last change), ordered, each domain once.
        gtids: MySQL's transactions.
    """

    numbers: tuple[tuple[int, int], ...] = ()
    gtids: GtidSet = field(default_factory=GtidSet)

    @classmethod
    def of(cls, *numbers: tuple[int, int]) -> Position:
        """Return the position of these (domain, number), in any order."""
        return cls(tuple(sorted(numbers)))

    @classmethod
    def parse(cls, text: str) -> Position:
        """Return the position that `str` wrote.

        Raises:
            ValueError: nobody wrote this.
        """
        if "-" in text:
            return cls(gtids=GtidSet.parse(text))
        pairs = [pair.partition(":") for pair in text.split(",")] if text else []
        return cls.of(*((int(domain), int(number)) for domain, _, number in pairs))

    def covers(self, other: Position) -> bool:
        """Whether a server that is here has everything that is in *other*."""
        own = dict(self.numbers)
        has_numbers = all(own.get(domain, -1) >= number for domain, number in other.numbers)
        return has_numbers and self.gtids.covers(other.gtids)

    def joined(self, other: Position) -> Position:
        """Return the first position that covers both."""
        found = dict(self.numbers)
        for domain, number in other.numbers:
            found[domain] = max(number, found.get(domain, -1))
        return Position(tuple(sorted(found.items())), self.gtids.joined(other.gtids))

    def __str__(self) -> str:
        """Return it as text; one server writes either numbers or transactions."""
        return str(self.gtids) or ",".join(f"{domain}:{number}" for domain, number in self.numbers)
