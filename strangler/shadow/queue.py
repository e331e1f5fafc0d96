"""What a process has captured and not yet looked through for effects: bounded by number and by bytes."""

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
    def bytes_held(self) -> int:
        """Bytes that the drafts have together."""
        return self._bytes

    def put(self, draft: Draft) -> bool:
        """Take *draft*; False if there is no room for it."""
        weight = weigh(draft)
        with self._lock:
            if len(self._drafts) >= self._size or self._bytes + weight > self._size_bytes:
                return False
            self._drafts.append(draft)
            self._bytes += weight
            return True

    def take(self) -> Draft | None:
        """Return the oldest draft; None if there is none."""
        with self._lock:
            if not self._drafts:
                return None
            draft = self._drafts.popleft()
            self._bytes -= weigh(draft)
            return draft


def weigh(draft: Draft) -> int:
    """Return how many bytes *draft* is counted as."""
    asked = draft.capture.asked
    body = len(asked.body) if isinstance(asked, RecordedRequest) else 0
    return OVERHEAD_BYTES + body + len(draft.capture.control.body)
