"""Which side does a piece of work: the same numbers as nginx's `split_clients`.

Source: nginx `src/core/ngx_murmurhash.c` and `ngx_http_split_clients_module.c`; MurmurHash2 is Austin Appleby's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from strangler.core.stages import Rollout, RolloutStage

if TYPE_CHECKING:
    from decimal import Decimal

_MULTIPLIER = 0x5BD1E995
_MASK = 0xFFFFFFFF
_HUNDREDTHS_OF_A_PERCENT = 10_000  # nginx computes shares in these


class Side(StrEnum):
    """Who does a piece of work."""

    LEGACY = "legacy"
    SERVICE = "service"


class Reason(StrEnum):
    """Why a decision fell as it did."""

    STAGE = "stage"
    CANARY = "canary"
    OVERRIDE = "override"
    NO_LEGACY = "no-legacy"
    FALLBACK = "fallback"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Side and reason for one request or call."""

    seam: str
    side: Side
    reason: Reason

    def __str__(self) -> str:
        """Return the form that travels in headers and logs: `images.upload=service;canary`."""
        return f"{self.seam}={self.side};{self.reason}"


def murmur2(data: bytes) -> int:
    """Return the 32-bit MurmurHash2 of *data* with seed 0, as nginx computes it."""
    length = len(data)
    value = length & _MASK
    whole = length & ~3
    for offset in range(0, whole, 4):
        word = int.from_bytes(data[offset : offset + 4], "little")
        word = (word * _MULTIPLIER) & _MASK
        word ^= word >> 24
        word = (word * _MULTIPLIER) & _MASK
        value = ((value * _MULTIPLIER) & _MASK) ^ word
    if length > whole:
        value ^= int.from_bytes(data[whole:], "little")
        value = (value * _MULTIPLIER) & _MASK
    value ^= value >> 13
    value = (value * _MULTIPLIER) & _MASK
    return value ^ (value >> 15)


def bucket(key: str, *, seam: str) -> int:
    """Return the place of *key* among the 2**32 buckets of *seam*; the same in every process and for ever."""
    return murmur2(f"{key}{seam}".encode())


def threshold(percent: Decimal) -> int:
    """Return the first bucket that is not in the share of *percent*.

    A larger percentage has a larger threshold, so raising it takes no key back (monotone).
    """
    return int(percent * 100) * _MASK // _HUNDREDTHS_OF_A_PERCENT


def decide(rollout: Rollout, *, key: str, override: Side | None = None, has_legacy: bool = True) -> Decision:
    """Return who does the work of *rollout*'s seam for *key*.

    Args:
        rollout: where the seam stands.
        key: who asks, stable over visits; same key, same side (sticky).
        override: a side that a verified token asks for; wins over the stage.
        has_legacy: False for a route that was born in the service.
    """
    if not has_legacy:
        return Decision(seam=rollout.seam, side=Side.SERVICE, reason=Reason.NO_LEGACY)
    if override is not None:
        return Decision(seam=rollout.seam, side=override, reason=Reason.OVERRIDE)
    if rollout.stage is RolloutStage.CANARY:
        is_in_share = bucket(key, seam=rollout.seam) < threshold(rollout.percent)
        side = Side.SERVICE if is_in_share else Side.LEGACY
        return Decision(seam=rollout.seam, side=side, reason=Reason.CANARY)
    side = Side.SERVICE if rollout.stage is RolloutStage.LIVE else Side.LEGACY
    return Decision(seam=rollout.seam, side=side, reason=Reason.STAGE)
