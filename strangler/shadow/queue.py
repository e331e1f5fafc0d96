"""What a process has captured and not yet written: bounded by number and by bytes."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from strangler.core.capture import RecordedRequest

if TYPE_CHECKING:
    from strangler.observing import Draft

OVERHEAD_BYTES = 4_096
"""Counted for each draft besides its bodies: headers, fields, objects."""


class DraftQueue:
    """A queue of drafts, oldest first. Thread-safe; nothing waits.

    Args:
        size: most drafts.
        size_bytes: most bytes that they have together.
    """

    def __init__(self, *, size: int, size_bytes: int) -> None:
        self._size = size
        self._size_bytes = size_bytes
        self._drafts: deque[Draft] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._drafts)

    @property
    def is_full(self) -> bool:
        """Whether not even a draft without bodies would be taken."""
        return len(self._drafts) >= self._size or self._bytes + OVERHEAD_BYTES > self._size_bytes

    @property
    def free_share(self) -> float:
        """The share of its room that is free, of number or bytes, whichever is scarcer: 0.0 to 1.0."""
        used = max(len(self._drafts) / self._size, self._bytes / self._size_bytes)
        return max(0.0, 1.0 - used)

    def put(self, draft: Draft) -> bool:
        """Take *draft*; False if there is no room for it."""
        weight = weigh(draft)
        with self._lock:
            if len(self._drafts) >= self._size or self._bytes + weight > self._size_bytes:
                return False
            self._drafts.append(draft)
            self._bytes += weight
            return True

    def take(self, *, limit: int, limit_bytes: int) -> list[Draft]:
        """Return the oldest drafts: at most *limit*, and beyond the first no more than *limit_bytes*."""
        taken: list[Draft] = []
        total = 0
        with self._lock:
            while self._drafts and len(taken) < limit:
                weight = weigh(self._drafts[0])
                if taken and total + weight > limit_bytes:
                    break
                total += weight
                taken.append(self._drafts.popleft())
            self._bytes -= total
        return taken


def weigh(draft: Draft) -> int:
    """Return how many bytes *draft* is counted as."""
    asked = draft.capture.asked
    body = len(asked.body) if isinstance(asked, RecordedRequest) else 0
    return OVERHEAD_BYTES + body + len(draft.capture.control.body)
