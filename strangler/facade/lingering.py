"""Answers that come before the client has sent its whole body.

Note [Answer, then listen]: a server that closes a connection with unread bytes resets it, and the client loses the
answer on its way: a 413 shows up as "connection reset". So the answer goes out first, then what the client still
sends is thrown away, within bounds; after that the server may close.

Source: nginx, `lingering_close`.
"""

from __future__ import annotations

from datetime import timedelta

LINGER_BYTES = 1024**3
LINGER_TIME = timedelta(seconds=30)
LINGER_SILENCE = timedelta(seconds=2)
