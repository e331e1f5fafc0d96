"""What `strangler gateway` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cli.render import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from strangler.gateway.applying import Applied
    from strangler.gateway.checking import Finding
    from strangler.gateway.stamp import Stamp


def say_findings(findings: Sequence[Finding], *, wanted: Stamp, apply: str, out: Console) -> None:
    """Print how everything stands, and what to do where it does not follow; *apply* is the command that brings servers along."""
    rows = [
        (each.what, each.name, each.found, "current" if each.is_current else _behind(each))
        for each in findings
    ]
    out.print(table(["what", "which", "has", ""], rows, title=f"Wanted: {wanted}"))
    behind = {each.what for each in findings if not each.is_current}
    if behind - {"process"}:
        out.print(f"Bring file and server up to date with: {apply}", soft_wrap=True)
    if "process" in behind:
        out.print(
            "A process follows by itself within a second. One that does not can't read the database: restart it."
        )


def say_applied(applied: Applied, *, out: Console) -> None:
    """Print what runs now."""
    out.print(
        f"{applied.what} runs with {applied.now} after {applied.took.total_seconds():.1f} s; "
        f"before: {applied.before or 'nothing of ours'}."
    )


def as_documents(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return the findings for programs."""
    return [
        {
            "what": each.what,
            "name": each.name,
            "found": each.found,
            "is_current": each.is_current,
            "behind_seconds": each.behind.total_seconds() if each.behind is not None else None,
        }
        for each in findings
    ]


def _behind(finding: Finding) -> str:
    if finding.behind is None:
        return "not current"
    return f"behind for {finding.behind.total_seconds():.0f} s"
