"""What `compare --replay` says: both observations side by side, and every difference."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.text import Text

from strangler.cli.render import console, table, write_json
from strangler.core.capture import RecordedRequest
from strangler.core.decision import Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.management.base import OutputWrapper
    from rich.console import Console

    from strangler.core.comparison import Difference
    from strangler.core.observation import Effects, Observation
    from strangler.shadow.inspecting import Inspection

VALUE_WIDTH = 200


def say_inspection(seen: Inspection, *, stdout: OutputWrapper, is_json: bool) -> int:
    """Print the inspection; returns 1 if both sides differ or one was not observed."""
    if is_json:
        write_json(stdout, inspection_document(seen))
    else:
        print_inspection(seen, out=console(stdout))
    return 0 if seen.differences == () else 1


def print_inspection(seen: Inspection, *, out: Console) -> None:
    """Print what was asked, what both sides did, and where they differ."""
    capture = seen.capture
    out.print(
        f"{capture.seam} {capture.id}, captured at {capture.captured_at:%Y-%m-%d %H:%M:%S} UTC", style="bold"
    )
    out.print(Text(f"asked: {_asked(seen)}"))
    out.print()
    now = [("legacy now", seen.legacy, Side.LEGACY), ("service now", seen.service, Side.SERVICE)]
    rows = [(f"{capture.control.side} then", *_answer_row(capture.control))]
    rows += [
        (name, *(_answer_row(each) if each else (f"not observed: {seen.unobserved[side]}", "", "", "")))
        for name, each, side in now
    ]
    out.print(table(("side", "answer", ">body", ">took", "effects"), rows))
    out.print()
    if seen.differences is None:
        out.print("Not both sides were observed, so there is nothing to compare.")
    elif not seen.differences:
        out.print("Both sides do the same.")
    else:
        _print_differences(
            f"{len(seen.differences):,} differences between legacy and service now",
            ("legacy", "service"),
            seen.differences,
            out=out,
        )
    if seen.since_then:
        out.print()
        _print_differences(
            "The control itself did otherwise when it was captured: state that has changed, or noise",
            ("then", "now"),
            seen.since_then,
            out=out,
        )


def inspection_document(seen: Inspection) -> dict[str, Any]:
    """Return the inspection as JSON values."""
    return {
        "capture": seen.capture.to_json(),
        "legacy": seen.legacy.to_json() if seen.legacy else None,
        "service": seen.service.to_json() if seen.service else None,
        "unobserved": {side.value: reason for side, reason in seen.unobserved.items()},
        "differences": _as_documents(seen.differences),
        "since_then": _as_documents(seen.since_then),
    }


def _as_documents(differences: Sequence[Difference] | None) -> list[dict[str, Any]] | None:
    if differences is None:
        return None
    names = ("kind", "place", "control", "candidate")
    return [{name: getattr(each, name) for name in names} for each in differences]


def _print_differences(
    title: str, sides: tuple[str, str], differences: Sequence[Difference], *, out: Console
) -> None:
    rows = (
        (str(each.kind), each.place, _short(each.control), _short(each.candidate)) for each in differences
    )
    out.print(title, style="bold")
    result = table(("kind", "place", *sides), ())
    for row in rows:
        result.add_row(*map(Text, row))
    out.print(result)


def _asked(seen: Inspection) -> str:
    asked = seen.capture.asked
    if isinstance(asked, RecordedRequest):
        who = f" as {asked.principal.get('username') or asked.principal.get('id')}" if asked.principal else ""
        return f"{asked.method} {asked.target}{who}, {len(asked.body):,} bytes"
    return f"{asked.task} {_short(asked.body)}"


def _answer_row(each: Observation) -> tuple[str, str, str, str]:
    answer = each.error or (str(each.status) if each.status else "done")
    took = f"{each.duration / timedelta(milliseconds=1):,.0f} ms"
    return answer, f"{len(each.body):,} B", took, _effects(each.effects)


def _effects(effects: Effects | None) -> str:
    if effects is None:
        return "not observed"
    words = [f"{each.operation} {each.count} {each.table}" for each in effects.rows]
    words += [f"mail to {', '.join(each.recipients)}" for each in effects.mails]
    words += [f"message {each.task}" for each in effects.messages]
    words += [f"file {each.name}" for each in effects.files]
    words += [f"refused {each}" for each in effects.refused]
    return "\n".join(words) or "none"


def _short(value: Any) -> str:
    text = "—" if value is None else " ".join(str(value).split())
    return text if len(text) <= VALUE_WIDTH else f"{text[: VALUE_WIDTH - 1]}…"
