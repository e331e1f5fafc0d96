"""Which side does a call: by the key of the request that makes it, or else by a key of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from strangler import rollout
from strangler.conf import config
from strangler.core.decision import Decision, decide
from strangler.core.origin import current_origin
from strangler.core.seams import Call
from strangler.core.stages import RolloutStage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from strangler.core.stages import Rollout


def find_call(name: str) -> Call | None:
    """Return the call of this name; None where the topology lacks it, and then all stays in the process.

    A wrong name is reported at start-up (strangler.E006), not to the customer whose request comes upon it.
    """
    seam = config().topology.seams.get(name)
    return seam if isinstance(seam, Call) else None


def decide_call(name: str, *, key: Callable[[], str]) -> Decision:
    """Return which side does a call of seam *name*; arguments as `decide_at` has them."""
    return decide_at(rollout.current().get(name), key=key)


def decide_at(stands: Rollout, *, key: Callable[[], str]) -> Decision:
    """Return which side does a call; touches no database.

    Args:
        stands: where the seam stands.
        key: makes a key where the work at hand brings none: outside of requests, or without the cookie.
    """
    name = stands.seam
    origin = current_origin()
    wish = origin.wish(name) if origin else None
    if stands.stage is not RolloutStage.CANARY:  # no key matters, so none is made
        return decide(stands, key="", override=wish)
    return decide(stands, key=(origin.key if origin else "") or key(), override=wish)


def argument_key(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return a key that is the same for the same arguments, in every process and for ever."""
    return json.dumps([list(args), dict(kwargs)], sort_keys=True, default=_stable, separators=(",", ":"))


def _stable(value: object) -> str:
    """Return a model instance as its label and primary key; of what else has no JSON, what is no address in memory."""
    meta, pk = getattr(value, "_meta", None), getattr(value, "pk", None)
    if meta is not None and pk is not None:
        return f"{meta.label_lower}:{pk}"
    text = str(value)
    return type(value).__qualname__ if " at 0x" in text else text
