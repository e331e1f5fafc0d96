"""Run a shadow worker as a process of its own."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.shadow.priority import yield_processor
from strangler.shadow.receiver import Receiver
from strangler.shadow.working import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strangler.shadow.working import WorkReport


def run_worker(
    *,
    once: bool = False,
    threads: int | None = None,
    is_guard: bool = True,
    on_start: Callable[[], None] = lambda: None,
) -> WorkReport:
    """Take captures and compare them until SIGTERM or SIGINT; or compare those that wait, until none is left.

    Unless *once*, with less right to the processor than others: users come first.

    Args:
        once: return as soon as nothing waits.
        threads: instead of the configured number.
        is_guard: bring planned rollouts forward and back, too.
        on_start: is told before anything is claimed.
    Returns: what was done.
    Raises:
        ConfigurationError: it does not know where the monolith is, or no socket for captures can be made.
        DatabaseError: only with *once*; otherwise the worker waits and tries again.
    """
    config().legacy_url()  # refused now and not at the first capture that needs it
    if not once:
        yield_processor()
    worker = Worker(threads=threads, is_guard=is_guard and not once)
    if once:
        on_start()
        worker.drain()
    else:
        _stop_on_signals(worker)
        with _receiving():
            on_start()
            worker.run()
    return worker.report


@contextmanager
def _receiving() -> Iterator[None]:
    receiver = Receiver()
    receiver.start()
    try:
        yield
    finally:
        receiver.stop()


def _stop_on_signals(worker: Worker) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may ask for signals; whoever runs workers in threads calls `stop`
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
