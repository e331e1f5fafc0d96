"""Know whether a piece of work has something in a database for good, so that it must not be done a second time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(slots=True)
class Commits:
    """What a piece of work has committed so far.

    Args:
        has_committed: something of it is in a database for good.
    """

    has_committed: bool = False
    _watched: set[object] = field(default_factory=set)

    def note_write(self, connection: BaseDatabaseWrapper) -> None:
        """Learn whether the write that *connection* just did is committed, now or when its transaction is."""
        key = (connection.alias, *getattr(connection, "savepoint_ids", ()))
        if connection.in_atomic_block and key in self._watched:
            return
        self._watched.add(key)
        if not connection.in_atomic_block and not connection.get_autocommit():
            self._commit()  # who commits by hand is not watched
            return
        transaction.on_commit(self._commit, using=connection.alias)

    def _commit(self) -> None:
        self.has_committed = True
