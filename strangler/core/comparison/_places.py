"""Places as steps, and patterns of places.

A place is a tuple of steps. A step into a list is written `[3]`, any other one follows a dot. A step that holds a dot,
a bracket or a space is written in quotes.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

Path = tuple[str, ...]

_STEP = re.compile(r'\[[^\]]*\]|"(?:[^"\\]|\\.)*"|[^.\["]+')
_INDEX = re.compile(r"\[\d+\]")
_PLAIN = re.compile(r'[^\s."\[\]]+')
_BETWEEN = "\x1f"


def place_of(path: Path) -> str:
    """Return the text of a path: `body.$.items[3].price`."""
    text = ""
    for step in path:
        if _INDEX.fullmatch(step):
            text += step
        else:
            shown = step if _PLAIN.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{shown}" if text else shown
    return text


def steps_of(pattern: str) -> Path:
    """Return the steps of a place or of a pattern of places; what can't be read is left out."""
    steps = _STEP.findall(pattern)
    return tuple(_unquoted(step) for step in steps)


def _unquoted(step: str) -> str:
    if not step.startswith('"'):
        return step
    try:
        return str(json.loads(step))
    except ValueError:
        return step.strip('"')


def pattern_of(path: Path) -> str:
    """Return the pattern that matches a path at every index."""
    return (
        place_of(tuple("[*]" if _INDEX.fullmatch(step) else step for step in path))
        .replace('"[*]"', "[*]")
        .replace(".[*]", "[*]")
    )


@lru_cache(maxsize=2_000)
def expression_of(pattern: str) -> re.Pattern[str]:
    """Return what matches the joined steps of a place, and of everything below it.

    `*` stands for anything within one step, `**` for any number of steps.
    """
    text = ""
    for step in steps_of(pattern):
        if step == "**":
            text += rf"(?:[^{_BETWEEN}]*{_BETWEEN})*"
        else:
            within = re.escape(step).replace(r"\*", f"[^{_BETWEEN}]*")
            text += within + _BETWEEN
    return re.compile(text)


def joined(path: Path) -> str:
    """Return the steps of a path in the form that `expression_of` matches."""
    return "".join(step + _BETWEEN for step in path)
