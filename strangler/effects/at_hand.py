"""What the hooks look at, wherever they are called: the recording at hand, and who keeps its effects in."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.core.files.storage import Storage
    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.effects.recorder import Recorder


class Keeper(Protocol):
    """A sandbox: effects are recorded, and none of them leaves."""

    def execute(self, run: Callable[[], Any], sql: str, connection: BaseDatabaseWrapper) -> Any:
        """Execute *sql* on *connection* by *run*, or raise if it must not be executed."""

    def send_task(
        self, app: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        """Take a Celery task instead of the broker; returns what the sender gets."""

    def storage(
        self, method: str, original: Callable[..., Any], storage: Storage, args: Any, kwargs: Any
    ) -> Any:
        """Do what *method* of *storage* would do, and leave no trace in it."""


recorder: ContextVar[Recorder | None] = ContextVar("strangler_effects", default=None)
keeper: ContextVar[Keeper | None] = ContextVar("strangler_effects_keeper", default=None)


def current() -> Recorder | None:
    """Return the recording at hand, or None."""
    return recorder.get()
