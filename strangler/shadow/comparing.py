"""Compare one capture: replay it to the candidate, and for a sample to legacy twice. No database here: runs in threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.comparison import compare
from strangler.core.decision import Side
from strangler.errors import NotObservedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strangler.core.capture import Capture
    from strangler.core.comparison import Difference, Rule
    from strangler.core.observation import Observation

    Replay = Callable[..., Observation]

SAMPLE_STEPS = 10_000  # so that a percentage may have two decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Two observations of one capture, compared; or why they could not be.

    Args:
        control, candidate: what was compared; None where it was not observed.
        differences: between them; None if they were not compared.
        reason: why they were not.
        detail: of the reason.
    """

    control: Observation | None = None
    candidate: Observation | None = None
    differences: tuple[Difference, ...] | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one capture: compared with the candidate, and where sampled legacy with itself."""

    capture: Capture
    result: Result
    noise: Result | None = None


def compare_capture(
    capture: Capture, *, rules: Sequence[Rule], replay: Replay, is_sample: bool = False
) -> Outcome:
    """Replay *capture* to the side that did not do it, and compare.

    Args:
        rules: what does not count as a difference.
        replay: as `strangler.shadow.replaying.replay`.
        is_sample: ask legacy twice, too, and compare it with itself.
    """
    control = capture.control
    result = _compare(lambda: control, lambda: replay(capture, side=other_side(control.side)), rules=rules)
    noise = None
    if is_sample:
        noise = _compare(
            lambda: replay(capture, side=Side.LEGACY), lambda: replay(capture, side=Side.LEGACY), rules=rules
        )
    return Outcome(capture=capture, result=result, noise=noise)


def other_side(side: Side) -> Side:
    """Return the side that is asked about what *side* did."""
    return Side.SERVICE if side is Side.LEGACY else Side.LEGACY


def is_sampled(capture: Capture, *, percent: float) -> bool:
    """Whether *capture* is one of the *percent* that legacy is asked twice; the same whoever asks."""
    return capture.id.int % SAMPLE_STEPS < percent * SAMPLE_STEPS / 100


def _compare(
    ask_control: Callable[[], Observation],
    ask_candidate: Callable[[], Observation],
    *,
    rules: Sequence[Rule],
) -> Result:
    try:
        control, candidate = ask_control(), ask_candidate()
    except NotObservedError as error:
        return Result(reason=error.reason, detail=error.detail)
    differences = tuple(compare(control, candidate, rules=tuple(rules)))
    return Result(control=control, candidate=candidate, differences=differences)
