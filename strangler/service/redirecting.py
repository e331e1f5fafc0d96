"""Where a message of the service's own outbox goes when the tables that it is about are the monolith's again.

A service knows its own fence and no rollouts. While the fence is up, messages for its own tasks that are calls go to the monolith's
workers. What a service sends to the monolith goes there in any case: the monolith's workers hand it on where the seam says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.core.carried import DECISION
from strangler.core.decision import Decision, Reason, Side
from strangler.core.handed import find_home
from strangler.core.messages import HEADER_PREFIX
from strangler.errors import MessageError
from strangler.outbox.wire import own_headers, with_headers
from strangler.service import fence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strangler.outbox.wire import Row


def readdressing(using: str) -> Callable[[Sequence[Row]], Sequence[Row]]:
    """Return what tells the relay of database *using* which rows go to the monolith's workers by now."""

    def readdress(rows: Sequence[Row]) -> Sequence[Row]:
        found = [each for each in map(_readdressed, rows) if each is not None]
        return found if found and fence.is_raised(using) else ()

    return readdress


def _readdressed(row: Row) -> Row | None:
    call = fence.find_call(row.type)
    if call is None or row.queue != call.queue:
        return None
    try:
        headers = own_headers(row)
    except MessageError:
        return None  # whoever publishes it parks it
    home = find_home(headers, call)
    if not home:
        return None
    decision = Decision(seam=call.name, side=Side.LEGACY, reason=Reason.MOVED)
    return with_headers(row, {**headers, HEADER_PREFIX + DECISION: str(decision)})._replace(queue=home)
