"""What the site acknowledged, and whether it kept its word."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from monolith.journey.pictures import Photograph
from monolith.journey.visitor import Answer, Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One photo whose upload was answered with 302 or 202."""

    owner: str
    title: str
    side: str


@dataclass(slots=True)
class Ledger:
    """All promises of the site; threads may write at the same time."""

    promises: list[Promise] = field(default_factory=list)
    _owners: dict[str, Visitor] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, visitor: Visitor, photos: Sequence[Photograph], answer: Answer) -> Answer:
        """Write down an upload if it was acknowledged; gives the answer back."""
        if answer.is_acknowledged:
            with self._lock:
                self._owners.setdefault(visitor.name, visitor)
                self.promises += [
                    Promise(owner=visitor.name, title=photo.title, side=answer.side) for photo in photos
                ]
        return answer

    def broken_promises(self) -> list[str]:
        """Look into every owner's gallery and name what is missing or there twice."""
        problems = []
        for name, visitor in self._owners.items():
            shown = Counter(photo.title for photo in visitor.gallery())
            for promise in self.promises:
                if promise.owner == name and shown[promise.title] != 1:
                    times = (
                        "is missing" if not shown[promise.title] else f"is there {shown[promise.title]} times"
                    )
                    problems.append(f"{promise.title} of {name}, acknowledged by {promise.side}, {times}")
        return problems
