"""How far a database server has come in what its primary writes.

MariaDB numbers the transactions of each domain (its GTID without the server), PostgreSQL the bytes of its log (its
LSN, here the only domain, 0). Positions of one cluster can be compared; a position says nothing about time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream of changes; the empty one is before everything.

    Args:
        numbers: (domain, number of its last change), ordered, each domain once.
    """

    numbers: tuple[tuple[int, int], ...] = ()

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
        pairs = [pair.partition(":") for pair in text.split(",")] if text else []
        return cls.of(*((int(domain), int(number)) for domain, _, number in pairs))

    def covers(self, other: Position) -> bool:
        """Whether a server that is here has everything that is in *other*."""
        own = dict(self.numbers)
        return all(own.get(domain, -1) >= number for domain, number in other.numbers)

    def joined(self, other: Position) -> Position:
        """Return the first position that covers both."""
        found = dict(self.numbers)
        for domain, number in other.numbers:
            found[domain] = max(number, found.get(domain, -1))
        return Position.of(*found.items())

    def __str__(self) -> str:
        return ",".join(f"{domain}:{number}" for domain, number in self.numbers)
