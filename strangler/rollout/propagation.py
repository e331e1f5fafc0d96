"""Wait until the running processes decide by a revision."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from strangler.rollout.report import read_processes

POLL_EVERY = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Propagation:
    """How far a revision got: *followed* of *processes* have it, after *took*."""

    processes: int
    followed: int
    took: timedelta
    behind: tuple[str, ...]

    @property
    def is_settled(self) -> bool:
        """Whether every running process has it."""
        return not self.behind

    def __str__(self) -> str:
        """Return the sentence an operator reads."""
        if not self.processes:
            return "no process is running that would have to follow"
        seconds = self.took.total_seconds()
        text = f"{self.followed} of {self.processes} processes follow after {seconds:.1f} s"
        return text if self.is_settled else f"{text}; still behind: {', '.join(self.behind)}"


def wait_until_settled(revision: int, *, timeout: timedelta) -> Propagation:
    """Return once every process that reported lately has *revision*, or after *timeout*."""
    began = time.monotonic()
    while True:
        processes = read_processes(now=timezone.now())
        behind = tuple(name for name, at in processes.items() if at < revision)
        took = timedelta(seconds=time.monotonic() - began)
        if not behind or took >= timeout:
            return Propagation(
                processes=len(processes), followed=len(processes) - len(behind), took=took, behind=behind
            )
        time.sleep(POLL_EVERY.total_seconds())
