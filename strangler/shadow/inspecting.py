"""Replay one capture against both sides now, for whoever looks for the cause of a difference. Nothing is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.comparison import compare
from strangler.core.decision import Side
from strangler.core.observation import Observation
from strangler.errors import NotObservedError
from strangler.shadow import keeping
from strangler.shadow.replaying import Replayer
from strangler.shadow.rules import rules_of

if TYPE_CHECKING:
    from uuid import UUID

    from strangler.core.capture import Capture
    from strangler.core.comparison import Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What both sides do with a capture now, beside what was recorded.

    Args:
        capture: what was asked, and what the control did then.
        legacy, service: what they do now; None where they were not observed.
        unobserved: why not, by side.
        differences: between the two; None where one was not observed.
        since_then: between what the control did then and does now: state that has changed, or noise.
    """

    capture: Capture
    legacy: Observation | None
    service: Observation | None
    unobserved: dict[Side, str]
    differences: tuple[Difference, ...] | None
    since_then: tuple[Difference, ...] | None


def inspect(capture_id: UUID, *, replayer: Replayer | None = None) -> Inspection:
    """Replay a capture that is kept or waits against both sides and compare them.

    Raises:
        UnknownCaptureError: there is no such capture.
        ConfigurationError: a side has no URL.
    """
    capture = keeping.find(capture_id).capture
    asker = replayer or Replayer()
    try:
        seen = {side: _ask(asker, capture, side) for side in Side}
    finally:
        asker.close()
    observed = {side: each if isinstance(each, Observation) else None for side, each in seen.items()}
    legacy, service = observed[Side.LEGACY], observed[Side.SERVICE]
    rules = rules_of(capture.seam)
    again = observed[capture.control.side]
    return Inspection(
        capture=capture,
        legacy=legacy,
        service=service,
        unobserved={side: each for side, each in seen.items() if isinstance(each, str)},
        differences=compare(legacy, service, rules=rules) if legacy and service else None,
        since_then=compare(capture.control, again, rules=rules) if again else None,
    )


def _ask(replayer: Replayer, capture: Capture, side: Side) -> Observation | str:
    """Return what *side* does, or why it was not observed."""
    try:
        return replayer.replay(capture, side=side)
    except NotObservedError as error:
        return f"{error.reason}{f' ({error.detail})' if error.detail else ''}"
