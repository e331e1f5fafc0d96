"""The sandbox itself: everything that keeps effects in, put together."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from strangler.effects import Recorder, at_hand, record
from strangler.service.sandbox import hooks
from strangler.service.sandbox.caches import own_caches
from strangler.service.sandbox.databases import Databases
from strangler.service.sandbox.files import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from django.core.files.storage import Storage
    from django.db.backends.base.base import BaseDatabaseWrapper

    from strangler.core.observation import Effects
    from strangler.service.sandbox.work import Work


class Sandbox:
    """One piece of work of which nothing stays. Made by `opened`."""

    def __init__(self, recorder: Recorder) -> None:
        self.databases = Databases()
        self.overlay = Overlay()
        self._recorder = recorder
        self._work: Work | None = None

    def execute(self, run: Callable[[], Any], sql: str, connection: BaseDatabaseWrapper) -> Any:
        """See `Keeper.execute`."""
        return self.databases.execute(run, sql, connection)

    def send_task(
        self, app: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        """See `Keeper.send_task`."""
        return self.work.take(app, name, args, kwargs, options)

    def storage(
        self, method: str, original: Callable[..., Any], storage: Storage, args: Any, kwargs: Any
    ) -> Any:
        """See `Keeper.storage`."""
        return self.overlay.do(method, original, storage, args, kwargs)

    @property
    def work(self) -> Work:
        """The tasks that were sent."""
        if self._work is None:
            from strangler.service.sandbox.work import Work  # noqa: PLC0415 - of the extra "celery"

            self._work = Work()
        return self._work

    def settle(self) -> list[BaseException]:
        """Do what would come after the answer: hooks that wait for the commit, and the tasks that were sent."""
        raised = self.databases.run_hooks()
        while self._work is not None and self._work.do_next():
            raised += self.databases.run_hooks()
        return raised

    def effects(self) -> Effects:
        """Return what was done."""
        return self._recorder.effects()


@contextmanager
def opened() -> Iterator[Sandbox]:
    """Enter a sandbox; at the end of the block nothing of what was done in it is there any more."""
    hooks.install()
    with ExitStack() as stack:
        recorder = stack.enter_context(record())
        sandbox = Sandbox(recorder)
        stack.callback(sandbox.overlay.close)
        stack.enter_context(own_caches())
        stack.enter_context(sandbox.databases.rolled_back())
        token = at_hand.keeper.set(sandbox)
        stack.callback(at_hand.keeper.reset, token)
        yield sandbox


def is_active() -> bool:
    """Whether what is done now must leave no trace; for code whose effects the sandbox can't hold by itself."""
    return at_hand.keeper.get() is not None


def folder(name: str) -> Path | None:
    """Return a folder for files that code writes by itself, thrown away with the sandbox; None outside of one."""
    keeper = at_hand.keeper.get()
    return keeper.overlay.folder(name) if isinstance(keeper, Sandbox) else None
