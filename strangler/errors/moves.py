"""Why a move of tables does not go on, or a write to a table that has moved. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.errors.base import StranglerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class MoveError(StranglerError):
    """Tables can't be moved, or not like this; *move* is the service that they go to."""

    def __init__(self, message: str, *, move: str) -> None:
        super().__init__(f"{move}: {message}")
        self.message = message
        self.move = move


class PreflightError(MoveError):
    """A move was refused before anything was changed; each of *refusals* has `name`, `reason` and `action`."""

    def __init__(self, move: str, *, refusals: Sequence[object]) -> None:
        lines = "".join(f"\n  {refusal}" for refusal in refusals)
        super().__init__(f"the move is refused, and nothing was changed:{lines}", move=move)
        self.refusals = tuple(refusals)


class MoveTransitionError(MoveError):
    """A stage of a move can't be reached from where it stands."""

    def __init__(self, move: str, *, current: str, wanted: str, allowed: Iterable[str]) -> None:
        names = ", ".join(sorted(allowed)) or "nothing; it is over"
        super().__init__(f"it is {current} and can't become {wanted}. What can follow: {names}.", move=move)
        self.current = current
        self.wanted = wanted


class MoveBusyError(MoveError):
    """Another process works on the move, or took it over from this one."""

    def __init__(self, move: str, *, holder: str) -> None:
        super().__init__(
            f"{holder or 'another process'} works on it. Wait for its lease to end, or stop it there.",
            move=move,
        )
        self.holder = holder


class MovePausedError(MoveError):
    """The move stopped itself because going on could do harm; nothing is lost.

    Args:
        move: the service that the tables go to.
        name: of the reason, such as `schema-changed` or `disk-full`.
        reason: what happened, to which table.
        action: what to do before `resume`.
    """

    def __init__(self, move: str, *, name: str, reason: str, action: str) -> None:
        super().__init__(f"paused ({name}): {reason} {action} Then: strangler move {move} resume", move=move)
        self.name = name
        self.reason = reason
        self.action = action


class PauseBudgetError(MoveError):
    """A switch or reverse gave up because writers would have waited longer than the budget; all is as before.

    Args:
        move: the service that the tables go to.
        step: at which it was.
        budget: in seconds.
    """

    def __init__(self, move: str, *, step: str, budget: float) -> None:
        super().__init__(
            f"{step} was not done within {budget:g} s, so writers go on as before and nothing has changed. "
            "Look for long transactions on the tables, then try again, or allow more with --budget-ms.",
            move=move,
        )
        self.step = step
        self.budget = budget


class FenceRaised(MoveError):
    """A write met the raised fence: *table* belongs to the other side now. Nothing was written; send it there.

    Args:
        move: the service that the table goes to or comes from.
        table: its name.
        has_committed: the work that met it has committed something before, so that it must not be done again as a whole.
    """

    def __init__(self, move: str, *, table: str, has_committed: bool = False) -> None:
        super().__init__(f"table {table!r} has changed its owner; nothing was written here.", move=move)
        self.table = table
        self.has_committed = has_committed


class HandedTooOftenError(MoveError):
    """Work went from side to side, and met a raised fence on both; it was done on neither.

    Args:
        move: the service that the tables go to or come from.
        task: the name of its task.
        hops: how often it was handed on.
    """

    def __init__(self, move: str, *, task: str, hops: int) -> None:
        super().__init__(
            f"{task} was handed on {hops} times, and each side met a raised fence. See whose the tables are with "
            f"`strangler move {move} status`, finish the switch or reverse, then send it again.",
            move=move,
        )
        self.task = task
        self.hops = hops
