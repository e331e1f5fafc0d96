"""Where work that is compared is noted: asked for by the facade and by calls, taken by the shadow room.

Note [The user never waits]: whoever does the work asks `is_wanted` before it and offers a `Draft` after it. Neither
waits, queries or raises: a capture that can't be taken is lost and counted, and the answer goes its way.
"""

from __future__ import annotations

import logging
import random
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from strangler import effects
from strangler.core.observation import Effects
from strangler.core.stages import RolloutStage, compared_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from strangler.core.capture import Capture
    from strangler.core.seams import Seam
    from strangler.core.stages import Rollout

logger = logging.getLogger(__name__)

NO_EFFECTS = Effects()


class Loss(StrEnum):
    """Why something that was to be captured was not."""

    FULL = "full"
    TOO_LARGE = "too-large"
    PENDING_LIMIT = "pending-limit"
    INCOMPLETE = "incomplete"  # the client went away, or the body was not read to its end
    SECRET = "secret"  # noqa: S105 - it has a field that is not to be stored
    ERROR = "error"
    NO_WORKER = "no-worker"  # no shadow worker listens
    RATE = "rate"  # there are enough of them already in this second


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A capture that lacks what is found out later, while no user waits.

    Args:
        capture: without principal, names of fields and effects.
        cookie: the request's `Cookie`, to find out who was logged in; never stored.
        effects: what the control did besides answering, or returns it; None where nobody looked.
    """

    capture: Capture
    cookie: str = ""
    effects: Effects | Callable[[], Effects] | None = None


class Observer(Protocol):
    """Who takes captures. Nothing of it may wait or raise."""

    def has_room(self, seam: str) -> bool:
        """Whether a capture could be taken now; counts the loss if not."""

    def offer(self, draft: Draft) -> None:
        """Take *draft*, or count the loss."""

    def lose(self, seam: str, loss: Loss) -> None:
        """Count a capture that could not be made."""


_observer: Observer | None = None
_is_suspended: ContextVar[bool] = ContextVar("strangler_is_suspended", default=False)


def register(observer: Observer | None) -> None:
    """Let *observer* take the captures of this process; None takes none."""
    global _observer  # noqa: PLW0603 - one observer per process is the point
    _observer = observer


def is_wanted(seam: Seam, rollout: Rollout) -> bool:
    """Whether this piece of work is one of those that are compared: drawn anew for each, so that no user is chosen.

    Where the stage is legacy this costs two comparisons.
    """
    if _observer is None or rollout.stage is RolloutStage.LEGACY:
        return False
    percent = compared_percent(rollout, in_service=seam.compare_percent) if seam.has_legacy else 0
    if not percent or random.random() * 100 >= percent or _is_suspended.get():  # noqa: S311 - a sample
        return False
    return _observer.has_room(seam.name)


def offer(draft: Draft) -> None:
    """Hand *draft* over; the work is done and its answer delivered."""
    if _observer is not None:
        _observer.offer(draft)


def lose(seam: str, loss: Loss) -> None:
    """Count a capture that could not be made."""
    if _observer is not None:
        _observer.lose(seam, loss)


def is_suspended() -> bool:
    """Whether the work at hand is itself a replay, of which nothing is captured or counted."""
    return _is_suspended.get()


@contextmanager
def suspended() -> Iterator[None]:
    """Let nothing of what is done in the block be captured: it is a replay."""
    token = _is_suspended.set(True)
    try:
        yield
    finally:
        _is_suspended.reset(token)


class EffectsRecording:
    """The recording of one piece of work's effects; what goes wrong with it is nobody's error but its own."""

    def __init__(self) -> None:
        self._manager: AbstractContextManager[Any] | None = None
        self._recorder: Any = None

    def start(self) -> None:
        """Begin, in the thread or task that does the work."""
        try:
            self._manager = effects.record()
            self._recorder = self._manager.__enter__()
        except Exception:
            logger.exception("Effects can't be recorded.")
            self._manager = None

    def stop(self) -> None:
        """End; again does nothing."""
        manager, self._manager = self._manager, None
        try:
            if manager is not None:
                manager.__exit__(None, None, None)
        except Exception:
            logger.exception("The recording of effects did not end well.")
            self._recorder = None

    @property
    def effects(self) -> Effects | Callable[[], Effects] | None:
        """What was recorded: none, or something that is still to be looked at; None where nothing could be."""
        if self._recorder is None:
            return None
        return NO_EFFECTS if self._recorder.is_empty else self._recorder.effects
