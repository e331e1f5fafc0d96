"""One connection from a process that serves users to a shadow worker, and what the worker has not taken yet."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from strangler.shadow import packets
from strangler.shadow.packets import HOLD, TAKEN

if TYPE_CHECKING:
    import socket

_ANSWERS = 4_096  # bytes read at once: one for each capture that was taken


class Link:
    """A connection; whoever has it lets one thread at a time use it. Nothing waits."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._sizes: deque[int] = deque()
        self.bytes_waiting = 0
        self.is_held = False

    def __len__(self) -> int:
        return len(self._sizes)

    def listen(self) -> bool:
        """Read what the worker has said; returns whether it is still there."""
        try:
            said = self._connection.recv(_ANSWERS)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for each in said:
            if each == TAKEN and self._sizes:
                self.bytes_waiting -= self._sizes.popleft()
            elif each != TAKEN:
                self.is_held = each == HOLD
        return bool(said)

    def send(self, file: int, *, size: int) -> None:
        """Hand over a capture in a file of *size* bytes; raises as `packets.send`."""
        packets.send(self._connection, file)
        self._sizes.append(size)
        self.bytes_waiting += size

    def tell(self, file: int) -> None:
        """Hand over counts of lost captures; raises as `packets.send`."""
        packets.send(self._connection, file, kind=packets.LOSSES)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
