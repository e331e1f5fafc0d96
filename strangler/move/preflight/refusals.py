"""Why a move is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One reason against a move.

    Args:
        name: of the reason, such as `crossing-key`; the same for ever, so that it can be looked up.
        table: which table it is about; empty for a whole server.
        reason: what is wrong.
        action: what to do next.
        detail: longer text that helps with that, such as a migration; may be empty.
        is_warning: the move may go on; somebody should know.
    """

    name: str
    reason: str
    action: str
    table: str = ""
    detail: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        place = f"{self.table}: " if self.table else ""
        return f"[{self.name}] {place}{self.reason} {self.action}"
