"""Freeze, continue and kill a process that a test started, together with everything it started itself."""

from __future__ import annotations

import contextlib
import signal
import time
from datetime import timedelta

import psutil


def sigstop(pid: int) -> None:
    """Freeze the process tree below *pid*, parents first, and wait until the kernel has done it."""
    for process in _send(pid, signal.SIGSTOP):
        while not (has_ended(process) or process.status() == psutil.STATUS_STOPPED):
            time.sleep(0.001)


def sigcont(pid: int) -> None:
    """Let a frozen process tree go on."""
    _send(pid, signal.SIGCONT)


def sigkill(pid: int) -> None:
    """End a process tree at once and wait until it is gone."""
    wait_for_end(_send(pid, signal.SIGKILL))


def descendants(pid: int) -> list[psutil.Process]:
    """Return a process and everything below it; empty if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process is gone, or only waits for a parent that will never ask.

    In a container without an init, orphans stay zombies for ever.
    """
    try:
        return process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return True


def wait_for_end(processes: list[psutil.Process], *, patience: timedelta = timedelta(seconds=20)) -> None:
    """Wait until all *processes* have ended; raise TimeoutError with those that have not."""
    deadline = time.monotonic() + patience.total_seconds()
    while left := [process for process in processes if not has_ended(process)]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"still running: {left}")
        time.sleep(0.01)


def _send(pid: int, number: signal.Signals) -> list[psutil.Process]:
    """Send a signal to *pid* and its descendants; those that ended meanwhile are passed over."""
    tree = descendants(pid)
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    return tree
