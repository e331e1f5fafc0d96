"""What a relay asks of a broker, and what it is told back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.errors import BrokerUnavailable
    from strangler.outbox.wire import Row


@dataclass(slots=True, kw_only=True)
class Receipt:
    """What became of a batch; a row that is nowhere in it may or may not have been sent, and is sent again.

    Args:
        confirmed: rows that the broker has.
        refused: rows that no broker would take, and why: they are parked.
        full: queues that take nothing at the moment, and why: their rows wait.
        failure: why the rest was not confirmed.
    """

    confirmed: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    full: dict[str, str] = field(default_factory=dict)
    failure: BrokerUnavailable | None = None


class Publisher(Protocol):
    """A connection to a broker, made when it is first needed.

    Every call ends within a few times the broker timeout, whatever state the broker is in.
    """

    name: str
    """The broker's address without its password, for people."""

    def publish(self, rows: Sequence[Row]) -> Receipt:
        """Publish *rows* in their order, and say which of them the broker has confirmed; raises nothing.

        Rows of one key and rank are in the broker in their order, also when something fails in between: a row is
        never confirmed while an earlier one of its key is neither confirmed nor refused.
        """
        ...

    def close(self) -> None:
        """Give the connection up; the next `publish` makes a new one."""
        ...
