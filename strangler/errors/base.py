"""The root of the tree, and what its messages share. The whole tree is drawn in `strangler.errors`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StranglerError(Exception):
    """The root of all errors that the toolkit raises on purpose."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest of *known*, else all of them; begins with a space."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Known: {', '.join(names)}." if names else " None is known."
