"""Say no to what would stay, and tell it in the observation: code may catch the error, the record stays."""

from __future__ import annotations

from typing import NoReturn

from strangler.effects import at_hand
from strangler.errors import SandboxError


def refuse(what: str, *, kind: type[SandboxError] = SandboxError) -> NoReturn:
    """Note *what* among the refused effects and raise.

    Raises: SandboxError: always, or the *kind* of it that is asked for.
    """
    note(what)
    raise kind(what)


def note(what: str) -> None:
    """Note *what* among the refused effects, for what is left out without an error."""
    recorder = at_hand.recorder.get()
    if recorder is not None:
        recorder.refuse(what)
