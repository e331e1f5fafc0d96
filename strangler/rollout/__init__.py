"""The state of every seam: where it stands, who moved it, what each side did.

`current()` is this process's immutable snapshot of all rollouts; `change()` moves a seam, audited;
`tally()` counts what became of a request. The models are in `strangler.rollout.models`. `forward` asks for proof before
a seam is moved forward by hand, `guard` moves it by itself along a plan in `plans`, `parity` is where whoever compares
says what it found.

The names are loaded at their first use: Django imports this package before models can exist.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.rollout.changes import change
    from strangler.rollout.snapshot import Snapshot, current
    from strangler.rollout.tallies import Outcome, tally

__all__ = ["Outcome", "Snapshot", "change", "current", "tally"]

_HOMES = {
    "Outcome": "strangler.rollout.tallies",
    "Snapshot": "strangler.rollout.snapshot",
    "change": "strangler.rollout.changes",
    "current": "strangler.rollout.snapshot",
    "tally": "strangler.rollout.tallies",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
