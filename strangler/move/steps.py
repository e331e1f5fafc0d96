"""The named steps of switch and reverse, written down before and after each.

Note [Steps]: the audit says how far an operation came: `switch: lock` when the step begins, `switch: lock done` when it is over.
Steps behind the fence are written in the transaction that flips the owner, so that a process that dies there leaves no trace of them
and no effect. No step asks the audit what was done before: each looks at the databases and does what is missing.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from strangler.errors import PauseBudgetError
from strangler.move import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strangler.move.models import MoveRecord


LEASE = timedelta(minutes=2)
"""Of a switch or reverse, longer than any step may take. Whoever follows on the same machine sees at once that its process is gone."""


class Watch(Protocol):
    """Is told of each step, *moment* `before` and `after` it."""

    def __call__(self, step: str, moment: str, /) -> None:
        """Take note."""


def unwatched(_step: str, _moment: str) -> None:
    """Take note of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a switch or reverse did.

    Args:
        stage: where the move stands now.
        pause: how long writers waited at most; zero if it was done before.
        drained: changes that were followed behind the fence.
        tries: how often the fence was asked for.
    """

    stage: str
    pause: timedelta = timedelta(0)
    drained: int = 0
    tries: int = 1


@dataclass(slots=True, kw_only=True)
class Steps:
    """One run of an operation.

    Args:
        record: the move.
        verb: `switch` or `reverse`.
        actor: who, for the audit.
        budget: how long writers may wait.
        watch: is told of each step.
        token: of the lease, once the operation holds it; each step that nobody waits for renews it.
    """

    record: MoveRecord
    verb: str
    actor: str
    budget: timedelta
    watch: Watch = unwatched
    token: int = field(default=0, init=False)
    _paused_at: float = field(default=0.0, init=False)
    _is_bounded: bool = field(default=False, init=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Do one step; if writers wait meanwhile, within the budget.

        Raises:
            PauseBudgetError: it took too long; the caller's transaction rolls back.
        """
        if not self._is_bounded:
            self.renew()
        records.note(self.record, f"{self.verb}: {name}", actor=self.actor)
        self.watch(name, "before")
        yield
        if self._is_bounded and time.monotonic() > self._paused_at + self.budget.total_seconds():
            raise self.too_long(name)
        records.note(self.record, f"{self.verb}: {name} done", actor=self.actor)
        self.watch(name, "after")

    def renew(self) -> None:
        """Stay the holder of the lease for as long again; raises MoveBusyError if another process took it."""
        if self.token:
            records.renew(self.record, token=self.token, lease=LEASE)

    def pause(self) -> None:
        """Count the budget from now."""
        self._paused_at, self._is_bounded = time.monotonic(), True

    def committed(self) -> None:
        """Enforce the budget no more: what was flipped is not undone, however long the rest takes."""
        self._is_bounded = False
        self.token = 0  # writers wait for the last step, which needs no lease

    def unpause(self) -> timedelta:
        """Return how long writers waited, and count no more."""
        self._is_bounded = False
        return timedelta(seconds=time.monotonic() - self._paused_at)

    def too_long(self, step: str) -> PauseBudgetError:
        """Return the error of a *step* that used up the budget."""
        return PauseBudgetError(self.record.service, step=step, budget=self.budget.total_seconds())
