"""Where the guard learns how often both sides did the same: whoever compares provides it.

The room that compares lies above this one, so it registers itself here; without it nothing is known, and no data holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strangler.core.evidence import Parity

if TYPE_CHECKING:
    from datetime import datetime

ParityReader = Callable[[str, "datetime"], Parity]
"""Takes the name of a seam and a moment; returns what was compared since, noise left out."""


def _know_nothing(_seam: str, _since: datetime) -> Parity:
    return Parity()


_reader: ParityReader = _know_nothing


def provide(reader: ParityReader) -> ParityReader:
    """Let *reader* tell the parity of seams in this process, and return the one that did until now."""
    global _reader
    previous, _reader = _reader, reader
    return previous


def read_parity(seam: str, *, since: datetime) -> Parity:
    """Return how often both sides of *seam* did the same since a moment."""
    return _reader(seam, since)
