"""What a message says of the side that it came from: where its home is, and how often it was handed from side to side.

Note [One side at a time]: a message has 0 hops where it is published first, and one more each time that a side hands it on, because the
tables are the other's by then. A side that keeps an inbox writes down, before it hands on, at which hop it did. From then on it hands on
copies of that hop and of earlier ones again, and never works on them; only a copy of a later hop, which the other side has handed back, is
its own again. So one side at most may do the work, whatever dies, and however often a broker delivers what it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.messages import HEADER_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strangler.core.seams import Call

HOME = f"{HEADER_PREFIX}home"
"""Header of a message for a service: the queue of the monolith's own workers, where it is done if it comes back."""
HOPS = f"{HEADER_PREFIX}hops"
"""Header of a message: how often it was handed on. See Note [One side at a time]."""
MOVED = "Strangler-Moved"
"""Header of a service's answer: nothing was done, since the tables are the monolith's by now."""
HOPS_AT_ONCE = 8
"""So often in a row a message is handed on; then somebody has to look."""


def read_hops(headers: Mapping[str, object]) -> int:
    """Return how often the message with *headers* was handed on; what is malformed counts as never."""
    value = headers.get(HOPS)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < len("10000") else 0


def read_home(headers: Mapping[str, object]) -> str:
    """Return the queue that the message with *headers* is at home in; empty for none."""
    value = headers.get(HOME)
    return value if isinstance(value, str) else ""


def find_home(headers: Mapping[str, object], call: Call) -> str:
    """Return the monolith's queue for a message of *call* with *headers*; empty if nobody knows it."""
    return read_home(headers) or call.home


def is_tired(hops: int) -> bool:
    """Whether a message of so many *hops* is not handed on any more."""
    return hops % HOPS_AT_ONCE == HOPS_AT_ONCE - 1


def hops_of_replay(hops: int) -> int:
    """Return the hops with which a message that was put aside begins anew: on the same side, later than all before."""
    return hops + 2
