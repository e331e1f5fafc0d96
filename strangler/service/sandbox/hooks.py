"""The places of Django and Python by which something could leave a sandbox, or behave there as nowhere else.

They are put in place when a process opens its first sandbox, and stay: outside of a sandbox each costs one look at a context variable.
"""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial, wraps
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic, get_connection

from strangler.effects import at_hand
from strangler.service.sandbox import caches, network
from strangler.service.sandbox.refusing import note, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

OUR_THREADS = "strangler-"
"""Begins the names of the toolkit's own threads, which outlive the request in which they happen to be started."""

_lock = threading.Lock()
_is_installed = False


def install() -> None:
    """Put the hooks in place, once."""
    global _is_installed  # noqa: PLW0603 - once per process is the point
    with _lock:
        if _is_installed:
            return
        network.install()
        caches.install()
        _install_blocks()
        _install_threads()
        _install_processes()
        _install_chords()
        _is_installed = True


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))


def _install_blocks() -> None:
    """See Note [As without a sandbox] in `databases`."""
    _replace(Atomic, "__enter__", _entering)
    _replace(Atomic, "__exit__", _leaving)
    _replace(BaseDatabaseWrapper, "on_commit", _on_commit)
    _replace(BaseDatabaseWrapper, "close", partial(_closing, what="closing"))
    _replace(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", partial(_closing, what=""))


def _install_threads() -> None:
    _replace(threading.Thread, "start", _starting)
    _replace(ThreadPoolExecutor, "submit", _submitting)


def _install_processes() -> None:
    _replace(subprocess.Popen, "__init__", partial(_spawning, what="a process"))
    _replace(BaseProcess, "start", partial(_spawning, what="a process"))
    for name in ("system", "fork", "posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            _replace(os, name, partial(_spawning, what=f"os.{name}"))


def _install_chords() -> None:
    with suppress(ImportError):  # of the extra "celery"
        from celery.canvas import chord  # noqa: PLC0415

        _replace(chord, "run", _running_chord)


def _databases() -> Any:
    return getattr(at_hand.keeper.get(), "databases", None)


def _entering(original: Any) -> Any:
    def enter(self: Atomic) -> None:
        held = _databases()
        connection = get_connection(self.using) if held is not None else None
        if connection is None or not held.is_outermost(connection):
            original(self)
            return
        connection.needs_rollback = False
        original(self)
        if (
            connection.savepoint_ids[-1] is None
        ):  # `savepoint=False`: elsewhere it would be the transaction itself
            connection.savepoint_ids[-1] = connection.savepoint()

    return enter


def _leaving(original: Any) -> Any:
    def leave(self: Atomic, *error: Any) -> None:
        original(self, *error)
        held = _databases()
        if held is not None:
            _run_if_outermost(held, get_connection(self.using))

    return leave


def _on_commit(original: Any) -> Any:
    def on_commit(self: BaseDatabaseWrapper, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        held = _databases()
        if held is not None:
            _run_if_outermost(held, self)

    return on_commit


def _run_if_outermost(held: Any, connection: BaseDatabaseWrapper) -> None:
    """Do what Django does after a commit: run the hooks, and let those raise that may not fail."""
    while held.is_outermost(connection) and connection.run_on_commit:
        entry: Any = connection.run_on_commit.pop(0)  # savepoints, hook, whether it may fail
        try:
            entry[1]()
        except Exception:
            if not entry[2]:
                raise


def _closing(original: Any, *, what: str) -> Any:
    def close(self: BaseDatabaseWrapper) -> None:
        held = _databases()
        if held is None or not held.holds(self):
            original(self)
        elif what:
            note(f"{what} of the connection to database {self.alias!r}")

    return close


def _starting(original: Any) -> Any:
    def start(self: threading.Thread) -> None:
        is_worker = getattr(getattr(self, "_target", None), "__module__", "") == "concurrent.futures.thread"
        if at_hand.keeper.get() is not None and not is_worker and not self.name.startswith(OUR_THREADS):
            self.run = partial(copy_context().run, self.run)  # type: ignore[method-assign]
        original(self)

    return start


def _submitting(original: Any) -> Any:
    def submit(self: ThreadPoolExecutor, do: Any, /, *args: Any, **kwargs: Any) -> Any:
        if at_hand.keeper.get() is not None:
            do = partial(copy_context().run, do)
        return original(self, do, *args, **kwargs)

    return submit


def _spawning(original: Any, *, what: str) -> Any:
    def spawn(*args: Any, **kwargs: Any) -> Any:
        if at_hand.keeper.get() is not None:
            refuse(f"start of {what}")
        return original(*args, **kwargs)

    return spawn


def _running_chord(original: Any) -> Any:
    """Refuse at once what would ask a result back end, and ask it again for a minute."""

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if at_hand.keeper.get() is not None:
            refuse("a chord: its parts meet in a result back end")
        return original(self, *args, **kwargs)

    return run
