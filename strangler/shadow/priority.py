"""Let those who serve users go first."""

from __future__ import annotations

import os
from contextlib import suppress

NICENESS = 15
"""Not the last of all: the guard that brings a seam back is in this process, and has to get its turn on a busy machine."""


def yield_processor() -> None:
    """Make this process at least as nice as `NICENESS`, and on Linux one that preempts nobody when it wakes.

    For the whole process, so before it has threads; where it may not, it stays as it is.
    """
    with suppress(OSError):
        os.nice(max(0, NICENESS - os.nice(0)))
        if hasattr(os, "SCHED_BATCH"):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
