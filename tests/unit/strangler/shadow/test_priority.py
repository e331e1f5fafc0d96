"""The worker takes the processor after those who serve users."""

from __future__ import annotations

import subprocess
import sys

from strangler.shadow.priority import NICENESS

PROGRAM = """
import os, sys
from strangler.shadow.priority import yield_processor
os.nice(int(sys.argv[1]) - os.nice(0))
yield_processor()
yield_processor()
print(os.nice(0), getattr(os, "sched_getscheduler", lambda _: None)(0) == getattr(os, "SCHED_BATCH", None))
"""


def told(niceness):
    """Return what a process that began with *niceness* says of itself afterwards."""
    command = [sys.executable, "-c", PROGRAM, str(niceness)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_it_is_nicer_than_others_and_stays_nicer_still():
    assert told(NICENESS) == [str(NICENESS), "True"]
    assert told(19) == ["19", "True"]


def test_one_that_was_started_like_others_becomes_nice():
    assert told(5) == [str(NICENESS), "True"]
