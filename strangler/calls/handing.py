"""Hand work that met the raised fence of a move to the service, where the seam that it belongs to says so.

Note [Handed on]: work that met a fence before it committed anything is either done again here or sent to the service, which owns the
tables now. It is sent there if its seam is the service's side by now, as `switch --live` makes it in the commit of the switch, or if
nothing in this process leads to the new owner. A function goes by the outbox, as any call of a live seam; a task is published again with its
id, its canvas and its headers, and this worker forgets it. The other way round, after a reverse, the service's workers hand on:
`strangler.service.handing` for tasks, and `returning` for functions, whose messages the monolith's workers take back.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from strangler.calls.deciding import decide_call
from strangler.conf import config
from strangler.core.decision import Decision, Reason, Side

if TYPE_CHECKING:
    from collections.abc import Callable

    from strangler.core.seams import Call
    from strangler.errors import FenceRaised

logger = logging.getLogger(__name__)


def decide_anew(call: Call, met: FenceRaised, *, key: Callable[[], str]) -> Decision | None:
    """Return the decision with which work of *call* that met a fence goes to the service; None to do it again here."""
    decision = decide_call(call.name, key=key)
    is_cut_off = met.move == call.service and met.move not in config().service_databases
    if decision.side is Side.LEGACY and is_cut_off:
        decision = Decision(seam=call.name, side=Side.SERVICE, reason=Reason.MOVED)
    if decision.side is Side.LEGACY:
        return None
    logger.info("%s Handing %s to %s.", met, call.name, call.service)
    return decision
