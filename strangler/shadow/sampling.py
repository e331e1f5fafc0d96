"""Which captures legacy is asked twice, to learn what differs by itself."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from strangler.conf import config
from strangler.shadow.comparing import is_sampled

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.core.capture import Capture

FREELY = 10
"""Samples of a seam that are taken as they come, so that what is noise is known soon."""


class Sampling:
    """The choice of one worker: a share of the captures, then at most one per seam in a while. Not thread-safe.

    Each sample is two requests more for legacy, on the machine that serves users.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: Counter[str] = Counter()
        self._taken_at: dict[str, float] = {}

    def takes(self, capture: Capture) -> bool:
        """Whether *capture* is to be a sample; counts it if so."""
        if not is_sampled(capture, percent=config().shadow_noise_percent):
            return False
        seam, now = capture.seam, self._clock()
        pause = config().shadow_noise_interval.total_seconds()
        if self._taken[seam] >= FREELY and now - self._taken_at[seam] < pause:
            return False
        self._taken[seam] += 1
        self._taken_at[seam] = now
        return True
