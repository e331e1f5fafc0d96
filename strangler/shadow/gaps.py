"""Find the moments when nobody else in this process computes.

Note [Between the answers]: in a Python process one thread computes at a time. Work in the background takes a turn
whenever a request waits for its database, and the request waits in turn to go on: milliseconds, several times a page.
So the background looks how much of the processor the process has just used, and works when that was next to nothing.
It asks nothing of whoever serves: no counter, no lock, and calls, tasks and requests without a route count as well.
"""

from __future__ import annotations

import time

LOOK_SECONDS = 0.002
IDLE_SHARE = 0.1
"""Of one processor; the rest of what a thread takes that polls a socket or writes a log."""


def wait_for_gap(patience_seconds: float) -> bool:
    """Return when this process has computed next to nothing for `LOOK_SECONDS`; sleeps meanwhile.

    Args:
        patience_seconds: after so long it returns anyhow.
    Returns: whether there was a gap.
    """
    until = time.monotonic() + patience_seconds
    while True:
        began, used = time.perf_counter(), time.process_time()
        time.sleep(LOOK_SECONDS)
        if time.process_time() - used < IDLE_SHARE * (time.perf_counter() - began):
            return True
        if time.monotonic() >= until:
            return False
