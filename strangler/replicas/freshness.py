"""What the work at hand has to see: everything that it, and those who sent it, wrote.

Note [Position, not time]: who wrote something is kept away from replicas until they have it, and not longer. What has
to be there is a position in the primary's stream of changes. It is asked for as late as possible, once for
all that was written: a position of now covers everything before. So a write costs nothing at once, and "something was written, nobody
asked where yet" can be handed on as it is, even to another process.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections

from strangler.core.positions import Position
from strangler.replicas.dialects import dialect_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)


class Freshness:
    """What one piece of work has to see, by the alias of each primary. Thread-safe.

    Args:
        needs: positions that were reached by those before.
        unsettled: primaries that were written to, nobody asked yet where that ended.
    """

    def __init__(self, needs: Mapping[str, Position] | None = None, *, unsettled: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._needs = dict(needs or {})
        self._unsettled = set(unsettled)
        self.chosen: dict[str, str] = {}
        """Primary → the replica that all of this work reads from, so that a page is of one piece."""
        self.left_out: set[str] = set()
        """Replicas that failed this work or are too far behind for it; nobody waits for them twice."""

    @property
    def is_settled(self) -> bool:
        """Whether no primary has to be asked."""
        return not self._unsettled

    def wrote(self, primary: str) -> None:
        """Remember that something was written, or may have been."""
        with self._lock:
            self._unsettled.add(primary)

    def need(self, primary: str) -> Position | None:
        """Return what a replica of *primary* must have; asks the primary if it was written to.

        Returns: None where nobody can tell, so that only the primary will do.
        """
        if primary in self._unsettled and not self._settle(primary):
            return None
        return self._needs.get(primary, _ANYWHERE)

    def settle(self) -> None:
        """Ask each primary that was written to; one that has an open transaction or is away stays unsettled."""
        for primary in tuple(self._unsettled):
            self._settle(primary)

    def end(self) -> None:
        """Settle at the end of the work; a transaction that is open now is a sandbox's, and will be undone."""
        for primary in tuple(self._unsettled):
            if is_in_transaction(connections[primary]):
                self._unsettled.discard(primary)
        self.settle()

    def told(self) -> dict[str, Position | None]:
        """Return what those who come after have to see: None for "all that was there when you ask"."""
        with self._lock:
            return {**self._needs, **dict.fromkeys(self._unsettled)}

    def _settle(self, primary: str) -> bool:
        connection = connections[primary]
        if is_in_transaction(connection):
            return False  # what is not committed has no position
        with self._lock:  # before asking: what another thread writes meanwhile counts again
            self._unsettled.discard(primary)
        position = _position_of(connection)
        if position is None:
            self.wrote(primary)
            return False
        with self._lock:
            self._needs[primary] = self._needs.get(primary, _ANYWHERE).joined(position)
        return True


def _position_of(connection: BaseDatabaseWrapper) -> Position | None:
    """Return how far a primary is, or None if it can't tell: it is away, or a MariaDB without a binary log."""
    alias = connection.alias
    try:
        position = dialect_of(connection).read_written(connection)
    except DatabaseError as error:
        logger.warning("How far %r has come can't be told, so it is read itself: %s", alias, error)
        return None
    if position == _ANYWHERE:
        logger.warning("How far %r has come can't be told, so it is read itself: it keeps no log.", alias)
        return None
    return position


_ANYWHERE = Position()
_current: ContextVar[Freshness | None] = ContextVar("strangler_freshness", default=None)
_is_on_primary: ContextVar[bool] = ContextVar("strangler_on_primary", default=False)


def current() -> Freshness:
    """Return what the work at hand has to see; work that nobody began, such as a script, begins here."""
    found = _current.get()
    return found if found is not None else begin(Freshness())


def begin(freshness: Freshness) -> Freshness:
    """Let the work at hand begin with *freshness*, until the next one begins in this thread or task.

    It has no end, since an answer may be streamed long after the view returned it.
    """
    _current.set(freshness)
    return freshness


def wrote(*, using: str = "default") -> None:
    """Say that this work changed database *using* in a way that its statements do not show.

    A `SELECT` of a function that writes and `cursor.callproc` are such ways; call it after the commit.
    """
    current().wrote(using)


@contextmanager
def on_primary() -> Iterator[None]:
    """Let reads in the block go to the primary, whatever replicas have: for what must be the newest there is."""
    token = _is_on_primary.set(True)
    try:
        yield
    finally:
        _is_on_primary.reset(token)


def is_on_primary() -> bool:
    """Whether this is inside of an `on_primary` block."""
    return _is_on_primary.get()


def is_in_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Whether *connection* is in a transaction, Django's or one made by hand; does not connect."""
    is_by_hand = connection.connection is not None and not connection.autocommit
    return connection.in_atomic_block or is_by_hand
