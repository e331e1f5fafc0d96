"""What is known about the two sides of a seam when somebody asks whether it may go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How often both sides did the same.

    Args:
        compared: captures that were compared, noise left out of their differences.
        matched: those of them without a difference.
        shapes: shape of input (see `Capture.shape`) → how many of *compared* had it.
        unobserved: captures that the candidate gave no observation of; those that it did are then no fair sample.
    """

    compared: int = 0
    matched: int = 0
    shapes: Mapping[str, int] = field(default_factory=dict)
    unobserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one side fared in a window.

    Args:
        requests: that it was to do.
        failures: that ended with a server error, or with none of both sides answering.
        fallbacks: that legacy did because this side failed.
        p99: 99th percentile of the time to answer; None without requests.
    """

    requests: int = 0
    failures: int = 0
    fallbacks: int = 0
    p99: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a verdict is made from."""

    parity: Parity = field(default_factory=Parity)
    legacy: Health = field(default_factory=Health)
    service: Health = field(default_factory=Health)
