"""Why a seam does not go where somebody wants it, and why a signed value is not believed. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strangler.errors.base import StranglerError

if TYPE_CHECKING:
    from collections.abc import Iterable


class TransitionError(StranglerError):
    """A rollout can't be changed like this."""

    def __init__(self, message: str, *, seam: str) -> None:
        super().__init__(f"{seam}: {message}")
        self.seam = seam


class EvidenceError(StranglerError):
    """A seam can't go forward: too little is known about its two sides, or what is known speaks against it."""

    def __init__(self, seam: str, *, wanted: str, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"{seam} can't go to {wanted} yet: {' '.join(self.reasons)} Let it go there by itself (rollout {seam} "
            f'auto --to {wanted}), or insist: rollout {seam} {wanted} --force --reason "why"'
        )
        self.seam = seam
        self.wanted = wanted


class SupersededError(StranglerError):
    """A seam does not stand where the caller believed, because somebody else moved it meanwhile."""

    def __init__(self, seam: str, *, expected: str, found: str) -> None:
        super().__init__(f"{seam} is not at {expected} any more but at {found}. Look again: rollout {seam}")
        self.seam = seam
        self.expected = expected
        self.found = found


class PlanError(StranglerError):
    """The plan of a seam is not there, or not in the state that it is asked for in."""

    def __init__(self, message: str, *, seam: str) -> None:
        super().__init__(f"{seam}: {message}")
        self.seam = seam


class TokenError(StranglerError):
    """A signed value is forged, expired, or meant for somebody else."""

    def __init__(self, reason: str, *, purpose: str, is_expired: bool = False) -> None:
        super().__init__(f"{purpose} {reason}")
        self.reason = reason
        self.purpose = purpose
        self.is_expired = is_expired
