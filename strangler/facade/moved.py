"""A request that has to go to the service, because its tables did while it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.errors import FenceRaised


class MovedAway(Exception):
    """The request has to go to the service; *body* gives it from its beginning."""

    def __init__(self, met: FenceRaised, body: Any) -> None:
        super().__init__(str(met))
        self.met = met
        self.body = body
