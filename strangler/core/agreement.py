"""What two sides agree on that both may change one record: a merge of three versions, decided by whoever receives.

Each side keeps what it knows that the other one has: a receiver what was sent, a sender what was answered. A field is
news when its sender changed it since then; a field that both changed goes to the side that is stronger, which is the
same side whoever sends. So it does not matter in which order, how often, or from which side the versions are sent, nor
which answers are lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Record = dict[str, Any]
"""Field → JSON value."""

_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What came of a merge.

    Args:
        record: what holds from now on, on both sides.
        conflicts: fields that both sides had changed, to different values.
    """

    record: Record
    conflicts: tuple[str, ...] = ()


def agree(
    sent: Mapping[str, Any],
    *,
    base: Mapping[str, Any],
    mine: Mapping[str, Any],
    agreed: Mapping[str, Any],
    is_mine_stronger: bool,
) -> Agreement:
    """Merge the record that somebody *sent* into *mine*.

    Idempotent: sent again, with the *base* that the sender still has since the answer was lost, it changes nothing.
    The one thing that it can't tell then: a field that was changed, sent, and changed back keeps what was sent.
    Args:
        sent: the sender's record.
        base: what the sender knew before; empty if nothing.
        mine: the receiver's record; fields that it lacks are not kept here and stay out.
        agreed: what the receiver knew before that the sender has; empty if nothing.
        is_mine_stronger: whose value holds where both changed a field.
    """
    record, conflicts = dict(mine), []
    for name, value in sent.items():
        if name not in mine or value in (base.get(name, _NOTHING), agreed.get(name, _NOTHING), mine[name]):
            continue
        if mine[name] != agreed.get(name, mine[name]):
            conflicts.append(name)
            if is_mine_stronger:
                continue
        record[name] = value
    return Agreement(record=record, conflicts=tuple(conflicts))


def settle(answered: Mapping[str, Any], *, sent: Mapping[str, Any], mine: Mapping[str, Any]) -> Record:
    """Return the sender's record after the *answered* agreement; what changed since it was *sent* stays and is news."""
    return {
        name: answered[name] if name in answered and value == sent.get(name, _NOTHING) else value
        for name, value in mine.items()
    }
