"""Read a command line as the start of a program of this Python."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODES = {"-m", "-c"}  # other options of Python are for its start, which is over
_SHELL = set(";&|<>(){}`\n*?[]~#")  # what a shell does something about, but for quotes and variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is to be run: *argv* as after `python`, and the *niceness* that `nice -n` in front of it asks for."""

    argv: tuple[str, ...]
    niceness: int = 0


def read_program(line: str, *, environ: Mapping[str, str]) -> Program | None:
    """Return what *line* runs if that is `python …`, or a script of this environment such as `celery …`.

    Both may stand behind `exec` and `nice -n N`; variables of *environ* are put in.
    Returns: None for a line that only a shell or another program understands.
    """
    if set(line) & _SHELL:
        return None
    try:
        words = [Template(word).substitute(environ) for word in shlex.split(line)]
    except (ValueError, KeyError):  # an open quote, or a variable that is not there
        return None
    words, niceness = _without_prefixes(words)
    found = shutil.which(words[0], path=environ.get("PATH")) if words else None
    if found is None or Path(found).parent != Path(sys.executable).parent:
        return None
    if Path(found).name in {"python", "python3", Path(sys.executable).name}:
        is_plain = len(words) > 1 and (words[1] in _MODES or not words[1].startswith("-"))
        return Program(argv=tuple(words[1:]), niceness=niceness) if is_plain else None
    is_script = Path(found).read_bytes()[:2] == b"#!"
    return Program(argv=(found, *words[1:]), niceness=niceness) if is_script else None


def _without_prefixes(words: list[str]) -> tuple[list[str], int]:
    rest = words[1:] if words[:1] == ["exec"] else words
    match rest:
        case ["nice", "-n", number, *behind] if number.isdigit():
            return behind, int(number)
    return rest, 0
