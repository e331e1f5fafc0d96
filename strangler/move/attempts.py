"""Try again what failed for a reason that passes: a deadlock, a lock that did not come, a connection that broke.

Note [Never taken for the end]: a chunk that met a deadlock was not copied. Only a page without rows ends a copy, and
only a transaction that committed moves a position; all else is tried again or pauses the move.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.db import Error as DatabaseError

from strangler.errors import MovePausedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.move.databases import Pair

Result = TypeVar("Result")
FIRST_WAIT, LONGEST_WAIT = timedelta(milliseconds=20), timedelta(seconds=2)


@dataclass(slots=True, kw_only=True)
class Attempts:
    """Retries for one move.

    Args:
        pair: whose connections are closed, so that the next attempt opens new ones.
        service: the move's name, for messages.
        patience: how long one piece of work may fail in a row before the move pauses.
        retried: how many attempts failed so far.
    """

    pair: Pair
    service: str
    patience: timedelta = timedelta(minutes=2)
    retried: int = field(default=0, init=False)

    def run(self, work: Callable[[], Result]) -> Result:
        """Call *work* until it succeeds; it must do all of its writing in one transaction.

        Raises:
            MovePausedError: the target is full, or nothing succeeded for as long as patience lasts.
            DatabaseError: a failure that would come again.
        """
        until = time.monotonic() + self.patience.total_seconds()
        wait = FIRST_WAIT
        while True:
            try:
                return work()
            except DatabaseError as error:
                self._judge(error, is_last=time.monotonic() > until)
            time.sleep(wait.total_seconds())
            wait = min(wait * 2, LONGEST_WAIT)

    def _judge(self, error: DatabaseError, *, is_last: bool) -> None:
        ends = (self.pair.source, self.pair.target)
        if any(end.is_full(error) for end in ends):
            raise MovePausedError(
                self.service, name="disk-full", reason=f"{error}.", action="Make room on that server."
            ) from error
        if not any(end.is_retryable(error) for end in ends):
            raise error
        if is_last:
            action = "See to that server, and look at what holds its locks."
            raise MovePausedError(
                self.service, name="unavailable", reason=f"{error}.", action=action
            ) from error
        self.retried += 1
        for end in ends:
            end.recover()
