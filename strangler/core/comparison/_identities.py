"""Keys that databases and generators make up: noise if they differ, but always in the same way.

Note [Which keys may differ]

A new row gets another key on each side. That is noise if it can be nothing else, seen over the whole observation:

- the same key of control stands for the same key of candidate, and the other way round, also against keys that are
  equal on both sides;
- numbers count upwards: both keys are above all of their family that are equal on both sides;
- something was written: where effects were looked at, both sides inserted a row;
- a reference (`customer_id`) follows a thing that is new: its pair is one that the key of a thing (`id`, a URL) has
  established, or it is named after a table into which both sides inserted. Where effects were not looked at, it is
  enough that no thing in the observation is an old one;
- a number in a text is a mention of a key: only established pairs, and small numbers only with the thing's name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_SMALL = 100
_KEY_NAME = re.compile(r"(?:.*_)?(?:id|pk)", re.IGNORECASE)


class Role(StrEnum):
    """What a key does where it stands."""

    THING = "thing"
    REFERENCE = "reference"
    MENTION = "mention"
    UUID = "uuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That two values are the same key.

    Args:
        role: what the key does there.
        family: name of the kind of thing, singular; empty where it is unknown.
        pair: the values, control's first.
    """

    role: Role
    family: str
    pair: tuple[str, str]


@dataclass(slots=True)
class Identities:
    """What is known about keys of one observation."""

    inserted: frozenset[str] | None = None
    """Families into which both sides inserted; None where nobody looked."""
    same: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Keys of things that are equal on both sides, by family."""
    uuids: set[str] = field(default_factory=set)
    """UUIDs that are equal on both sides."""
    texts: list[str] = field(default_factory=list)
    """Texts that are equal on both sides and may hold UUIDs or URLs."""
    trees: list[Any] = field(default_factory=list)
    """Elements that are equal on both sides."""

    def holding(self, claims: Iterable[Claim]) -> set[Claim]:
        """Return the claims that hold."""
        every = set(claims)
        if not every:
            return set()
        uuids = [claim for claim in every if claim.role is Role.UUID]
        holding = {claim for claim in _one_to_one(uuids) if self.uuids.isdisjoint(claim.pair)}
        if self.inserted is not None and not self.inserted:
            return holding
        things = self._new([claim for claim in every if claim.role is Role.THING])
        references = self._new([claim for claim in every if claim.role is Role.REFERENCE])
        return holding | things | self._following(every, things=things, references=references)

    def _new(self, claims: list[Claim]) -> set[Claim]:
        return {
            claim
            for claim in _one_to_one(claims)
            if _lowest(claim) > max(self.same[claim.family], default=-1)
        }

    def _following(self, every: set[Claim], *, things: set[Claim], references: set[Claim]) -> set[Claim]:
        known = {claim.pair for claim in things}
        rest = {claim for claim in references if claim.pair in known or self._is_new_thing(claim)}
        named = {(claim.family, claim.pair) for claim in things | rest}
        pairs = {pair for _, pair in named}
        mentions = {
            claim
            for claim in every
            if claim.role is Role.MENTION
            and ((claim.family, claim.pair) in named or (claim.pair in pairs and _highest(claim) >= _SMALL))
        }
        return rest | mentions

    def _is_new_thing(self, claim: Claim) -> bool:
        if self.inserted is not None:
            return claim.family in self.inserted
        return not any(self.same.values())


def family_of(name: str, *, above: str = "") -> str:
    """Return the family of a key in a field *name* of a thing *above*: `order_id` → order, `id` in orders → order."""
    base = re.sub(r"[_-]?(?:ids?|pks?)$", "", name, flags=re.IGNORECASE)
    return singular(base or above)


def role_of(name: str) -> Role | None:
    """Return what a whole number in a field of this name is: a key of the thing, a reference, or nothing known."""
    if name.lower() in {"id", "pk", "data-id", "data-pk"}:
        return Role.THING
    return Role.REFERENCE if _KEY_NAME.fullmatch(name.replace("-", "_")) else None


def singular(word: str) -> str:
    """Return a simple singular of the last part of a name: `shop_order_items` → item."""
    last = re.split(r"[_\-.\s]", word.lower())[-1]
    if last.endswith("ies"):
        return f"{last[:-3]}y"
    return last[:-1] if last.endswith("s") and not last.endswith("ss") else last


def _lowest(claim: Claim) -> int:
    return min(map(int, claim.pair))


def _highest(claim: Claim) -> int:
    return max(map(int, claim.pair))


def _one_to_one(claims: list[Claim]) -> set[Claim]:
    """Return the claims whose values have one partner each within their family."""
    forth: dict[tuple[str, str], set[str]] = defaultdict(set)
    back: dict[tuple[str, str], set[str]] = defaultdict(set)
    for claim in claims:
        forth[claim.family, claim.pair[0]].add(claim.pair[1])
        back[claim.family, claim.pair[1]].add(claim.pair[0])
    return {
        claim
        for claim in claims
        if len(forth[claim.family, claim.pair[0]]) == len(back[claim.family, claim.pair[1]]) == 1
    }
