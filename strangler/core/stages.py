"""The stages of rollouts and of moves, and which may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from strangler.errors import MoveTransitionError, TransitionError, UnknownStageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FULL = Decimal(100)
PERCENT_STEP = Decimal("0.01")  # nginx's split_clients knows two decimals, so neither side may know more


class RolloutStage(StrEnum):
    """Where a seam stands, in the order in which traffic moves to the service."""

    LEGACY = "legacy"
    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"

    @classmethod
    def parse(cls, word: str) -> RolloutStage:
        """Return the stage called *word*.

        Raises:
            UnknownStageError: names the known stages.
        """
        try:
            return cls(word)
        except ValueError:
            raise UnknownStageError(word, known=[stage.value for stage in cls]) from None


class MoveStage(StrEnum):
    """Where a move of tables stands. Whether it is paused is no stage: any of them can be."""

    CREATED = "created"
    COPYING = "copying"
    FOLLOWING = "following"
    VERIFIED = "verified"
    SWITCHED = "switched"
    REVERSED = "reversed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows, so that the same tables may be moved anew."""
        return not MOVE_TRANSITIONS[self]


MOVE_TRANSITIONS: Mapping[MoveStage, frozenset[MoveStage]] = MappingProxyType(
    {
        MoveStage.CREATED: frozenset({MoveStage.COPYING, MoveStage.CANCELLED}),
        MoveStage.COPYING: frozenset({MoveStage.FOLLOWING, MoveStage.CANCELLED}),
        MoveStage.FOLLOWING: frozenset({MoveStage.VERIFIED, MoveStage.CANCELLED}),
        # Back to following when the result of the verification expires, or finds a difference the next time.
        MoveStage.VERIFIED: frozenset({MoveStage.FOLLOWING, MoveStage.SWITCHED, MoveStage.CANCELLED}),
        MoveStage.SWITCHED: frozenset({MoveStage.REVERSED, MoveStage.COMPLETED}),
        # The monolith owns the tables again and is followed as before the switch.
        MoveStage.REVERSED: frozenset({MoveStage.VERIFIED, MoveStage.CANCELLED}),
        MoveStage.COMPLETED: frozenset(),
        MoveStage.CANCELLED: frozenset(),
    }
)
"""Stage → the stages that may follow it."""


def advance_move(current: MoveStage, *, stage: MoveStage, move: str) -> MoveStage:
    """Return *stage*, if it may follow *current*; asking for the current one is no change.

    Args:
        move: what the move is called, for the message.
    Raises:
        MoveTransitionError: names the stages that may follow.
    """
    if stage is not current and stage not in MOVE_TRANSITIONS[current]:
        raise MoveTransitionError(move, current=current, wanted=stage, allowed=MOVE_TRANSITIONS[current])
    return stage


PERCENT_STAGES = frozenset({RolloutStage.SHADOW, RolloutStage.CANARY})
"""Stages that a percentage belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Where one seam stands.

    Args:
        seam: name of the seam.
        stage: its stage.
        percent: 0 to 100 with at most two decimals: the share of keys on the service, 0 in legacy and 100 in live;
            in shadow the share of requests and calls that are compared, while legacy does them all.
    """

    seam: str
    stage: RolloutStage = RolloutStage.LEGACY
    percent: Decimal = Decimal(0)

    def __str__(self) -> str:
        """Return what an operator would type: `canary 25`."""
        has_percent = self.stage in PERCENT_STAGES
        return f"{self.stage} {format_percent(self.percent)}" if has_percent else self.stage


def parse_percent(text: str, *, seam: str) -> Decimal:
    """Return *text* as a percentage with at most two decimals, `25`, `0.5` or `12.25`.

    Raises:
        TransitionError: not a number, not between 0 and 100, or finer than 0.01.
    """
    try:
        percent = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        raise TransitionError(f"{text!r} is not a percentage. Give a number such as 25.", seam=seam) from None
    if not percent.is_finite() or not 0 <= percent <= FULL or percent != percent.quantize(PERCENT_STEP):
        message = f"{text} % is out of range. Give 0 to 100 with at most two decimals."
        raise TransitionError(message, seam=seam)
    return percent


def format_percent(percent: Decimal) -> str:
    """Return *percent* without trailing zeros: `25`, `0.5`."""
    return f"{percent.normalize():f}"


def advance(current: Rollout, *, stage: RolloutStage, percent: Decimal | None = None) -> Rollout:
    """Return the rollout that follows *current* when an operator asks for *stage*.

    Every stage is reachable from every other one: going back must never need a second command.
    Raises:
        TransitionError: canary without a percentage, or a percentage with legacy or live.
    """
    if stage is RolloutStage.CANARY:
        if percent is None:
            message = f"canary needs a percentage. Try: rollout {current.seam} canary 5"
            raise TransitionError(message, seam=current.seam)
        return Rollout(seam=current.seam, stage=stage, percent=percent)
    if stage is RolloutStage.SHADOW:
        return Rollout(seam=current.seam, stage=stage, percent=FULL if percent is None else percent)
    if percent is not None:
        message = f"{stage} takes no percentage. Leave {format_percent(percent)} out, or ask for canary."
        raise TransitionError(message, seam=current.seam)
    share = FULL if stage is RolloutStage.LIVE else Decimal(0)
    return Rollout(seam=current.seam, stage=stage, percent=share)


def compared_percent(rollout: Rollout, *, in_service: Decimal) -> Decimal:
    """Return the share of requests or calls that are compared where a seam stands at *rollout*.

    Args:
        rollout: where it stands.
        in_service: the share while the service answers anybody, `compare_percent` in the topology.
    """
    if rollout.stage is RolloutStage.SHADOW:
        return rollout.percent
    return Decimal(0) if rollout.stage is RolloutStage.LEGACY else in_service
