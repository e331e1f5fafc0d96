"""The errors of moves, at hand for whoever works with them; the tree is in `strangler.errors`."""

from strangler.errors import (
    FenceRaised,
    MoveBusyError,
    MoveError,
    MovePausedError,
    MoveTransitionError,
    PauseBudgetError,
    PreflightError,
)

__all__ = [
    "FenceRaised",
    "MoveBusyError",
    "MoveError",
    "MovePausedError",
    "MoveTransitionError",
    "PauseBudgetError",
    "PreflightError",
]
