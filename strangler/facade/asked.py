"""What nginx in front says when it lets legacy answer: that it has asked the service, and what came of it.

Note [Asked once]: the rollout still says that the service does this. Without this word the facade would ask it once more, and a visitor
whom a hanging service has kept waiting would wait for it twice. It counts only with the gateway's secret, since it takes a
request to legacy and is a fallback in the seam's tally.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strangler import tokens
from strangler.conf import config
from strangler.facade.policy import Cause, Failure

if TYPE_CHECKING:
    from strangler.facade.request import Incoming

_STATUS = re.compile(r"status-([1-5]\d\d)")


def failure_told(incoming: Incoming) -> Failure | None:
    """Return what came of asking the service as the gateway says it; None if it says nothing, or is not the gateway."""
    if not config().is_behind_proxy:
        return None
    word = incoming.value(tokens.FALLBACK_HEADER.lower())
    if not word or not tokens.is_gateway(incoming.value(tokens.GATEWAY_HEADER.lower())):
        return None
    if word == Cause.PRINCIPAL:
        return Failure(cause=Cause.PRINCIPAL, is_sent=False)
    status = _STATUS.fullmatch(word)
    return Failure(cause=Cause.STATUS, status=int(status[1])) if status else None
