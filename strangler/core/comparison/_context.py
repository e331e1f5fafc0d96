"""What one comparison carries along: its rules, what it found, and what may yet turn out to be noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from strangler.core.comparison._identities import Claim, Identities
from strangler.core.comparison._places import Path, expression_of, joined, place_of
from strangler.core.comparison.difference import Difference, Kind
from strangler.core.comparison.rules import Action, Rule

MAX_DIFFERENCES = 200
"""What one comparison reports at most; a page that is wholly another one needs no more."""

MAX_DEPTH = 120
"""Steps into a document; below it, what is different is reported as one value."""

_MAX_SUSPICIONS = 20_000
_SHOWN_CHARACTERS = 500


@dataclass(slots=True)
class Context:
    """The state of one comparison.

    Args: rules: that hold for it.
    """

    rules: tuple[Rule, ...]
    identities: Identities = field(default_factory=Identities)
    _found: list[tuple[Difference, tuple[Claim, ...]]] = field(default_factory=list)
    _real: int = 0
    _memory: dict[tuple[Action, Path], tuple[Rule, ...]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether enough was found."""
        return self._real >= MAX_DIFFERENCES

    @property
    def has_suspicions(self) -> bool:
        """Whether something may yet turn out to be noise."""
        return any(claims for _, claims in self._found)

    def add(self, kind: Kind, path: Path, control: Any = None, candidate: Any = None) -> None:
        """Report a difference, unless a rule says that the place is none of our business."""
        self.suspect(kind, path, control, candidate, claims=())

    def suspect(
        self, kind: Kind, path: Path, control: Any, candidate: Any, *, claims: tuple[Claim, ...]
    ) -> None:
        """Report a difference that is noise if every one of *claims* holds in the whole observation."""
        if self.is_full or self.rules_for(Action.IGNORE, path):
            return
        place = place_of(path)
        found = Difference(kind=kind, place=place, control=_bounded(control), candidate=_bounded(candidate))
        # What can't be looked into any more must not pass for noise.
        claims = claims if len(self._found) - self._real < _MAX_SUSPICIONS else ()
        self._real += not claims
        self._found.append((found, claims))

    def rules_for(self, action: Action, path: Path) -> tuple[Rule, ...]:
        """Return the rules of an action at a place; those of `ignore` and `noise` hold below theirs, too."""
        found = self._memory.get((action, path))
        if found is None:
            text, below = joined(path), action in {Action.IGNORE, Action.NOISE}
            found = tuple(
                rule for rule in self.rules if rule.action is action and _holds(rule, text, below=below)
            )
            self._memory[action, path] = found
        return found

    def noise(self, path: Path) -> dict[str, tuple[str, ...]]:
        """Return the kinds of noise that are allowed at a place, with their arguments."""
        return {rule.arguments[0]: rule.arguments[1:] for rule in self.rules_for(Action.NOISE, path)}

    def differences(self) -> tuple[Difference, ...]:
        """Return what was found and is no noise, in the order of the places."""
        claims = [claim for _, several in self._found for claim in several]
        holding = self.identities.holding(claims)
        real = [found for found, several in self._found if not several or not holding.issuperset(several)]
        return tuple(real[:MAX_DIFFERENCES])


def _holds(rule: Rule, text: str, *, below: bool) -> bool:
    expression = expression_of(rule.place)
    return bool(expression.match(text) if below else expression.fullmatch(text))


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_SHOWN_CHARACTERS]
    if isinstance(value, list | dict):
        text = str(value) if len(value) < _SHOWN_CHARACTERS else ""
        return value if len(text) < _SHOWN_CHARACTERS and text else f"{type(value).__name__} of {len(value)}"
    return value
