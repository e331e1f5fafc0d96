"""A few threads that replay captures; daemons, so that a side that hangs does not keep the process from ending."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from strangler.core.capture import Capture
    from strangler.core.comparison import Rule
    from strangler.shadow.comparing import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A capture to be compared, the rules, and whether legacy is asked twice besides."""

    capture: Capture
    rules: Sequence[Rule]
    is_sample: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A job that ended: with its outcome, or with the error that comparing raised."""

    job: Job
    outcome: Outcome | None = None
    error: Exception | None = None


class Crew:
    """Threads that do jobs beside each other; belongs to the one thread that gives jobs and takes what is done.

    Args:
        work: does one job; uses no database.
        size: how many threads.
    """

    def __init__(self, work: Callable[[Job], Outcome], *, size: int) -> None:
        self.size = size
        self._work = work
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        # No SimpleQueue: Python 3.11's waits for ever if the time is over before it has begun to wait, as on a busy machine.
        self._done: queue.Queue[Done] = queue.Queue()
        self._held: dict[object, Job] = {}
        for number in range(size):
            threading.Thread(target=self._run, name=f"strangler-shadow-{number}", daemon=True).start()

    @property
    def held(self) -> list[Job]:
        """The jobs that were given and not yet taken back."""
        return list(self._held.values())

    @property
    def free(self) -> int:
        """How many threads have nothing to do."""
        return self.size - len(self._held)

    def give(self, job: Job) -> None:
        """Have *job* done."""
        self._held[job.capture.id] = job
        self._jobs.put(job)

    def take(self, *, within: timedelta) -> Done | None:
        """Return a job that is done, waiting for it no longer than *within*."""
        try:
            done = self._done.get(timeout=max(within.total_seconds(), 0.001))
        except queue.Empty:
            return None
        self._held.pop(done.job.capture.id, None)
        return done

    def dismiss(self) -> None:
        """Let the threads end after what they are doing."""
        for _ in range(self.size):
            self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._done.put(Done(job=job, outcome=self._work(job)))
            except Exception as error:  # noqa: BLE001 - the worker logs it, and buries the capture
                self._done.put(Done(job=job, error=error))
