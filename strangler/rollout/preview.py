"""What a change of a rollout would do to clients, counted over sample keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.core.decision import Side, decide

if TYPE_CHECKING:
    from strangler.core.stages import Rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How *keys* sample keys fall: on the service after the change, and how many change sides."""

    keys: int
    on_service: int
    to_service: int
    back_to_legacy: int

    @property
    def share(self) -> float:
        """Percent of keys on the service after the change."""
        return 100 * self.on_service / self.keys


def preview(before: Rollout, after: Rollout, *, keys: int) -> Preview:
    """Decide *keys* made-up keys under both rollouts and count what changes."""
    on_service = to_service = back_to_legacy = 0
    for number in range(keys):
        key = f"sample-{number}"
        was = decide(before, key=key).side is Side.SERVICE
        now = decide(after, key=key).side is Side.SERVICE
        on_service += now
        to_service += now and not was
        back_to_legacy += was and not now
    return Preview(keys=keys, on_service=on_service, to_service=to_service, back_to_legacy=back_to_legacy)
