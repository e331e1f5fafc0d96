"""The report of comparing as text: a line per seam, then the causes of each, most frequent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from strangler.cli.duration import format_duration
from strangler.cli.render import table
from strangler.shadow.reasons import MEANINGS, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from rich.console import Console

    from strangler.shadow.report import CauseReport, SeamFindings

EXAMPLE_WIDTH = 160


def print_report(report: Sequence[SeamFindings], *, since: timedelta, limit: int, out: Console) -> None:
    """Print match rates, what was not compared, and up to *limit* causes of each seam."""
    if not report:
        out.print(f"Nothing was compared in the last {format_duration(since)}.")
        out.print(
            "Begin with: manage.py strangler rollout SEAM shadow, and a worker: manage.py strangler shadow"
        )
        return
    columns = (
        "seam",
        ">compared",
        ">match",
        ">rate",
        "bounds",
        ">shapes",
        ">not compared",
        ">lost",
        ">waiting",
    )
    title = f"Both sides, compared in the last {format_duration(since)}"
    out.print(table(columns, map(_seam_row, report), title=title))
    for found in report:
        _print_trouble(found, out=out)
    for found in report:
        _print_causes(found, limit=limit, out=out)


def _seam_row(found: SeamFindings) -> tuple[str, ...]:
    has_any = found.rate is not None
    return (
        found.seam,
        f"{found.parity.compared:,}",
        f"{found.parity.matched:,}",
        _percent(found.rate) if found.rate is not None else "",
        f"{_percent(found.low)} to {_percent(found.high)}" if has_any else "",
        str(len(found.parity.shapes)),
        f"{sum(found.not_compared.values()):,}",
        f"{sum(found.lost.values()):,}",
        f"{found.pending:,}",
    )


def _print_trouble(found: SeamFindings, *, out: Console) -> None:
    """Say why what was not compared was not, and what noise is about."""
    for reason, count in found.not_compared.items():
        meaning = MEANINGS[Reason(reason)] if reason in set(Reason) else ""
        out.print(f"{found.seam}: {count:,} not compared, {reason}: {meaning}.", markup=False)
    if found.lost:
        out.print(f"{found.seam}: never captured: {list_causes(found.lost)}.", markup=False)
    if found.dead:
        out.print(f"{found.seam}: {found.dead:,} captures no worker came to an end with.", markup=False)
    if found.noisy:
        out.print(
            f"{found.seam}: {found.noisy:,} differ in nothing that legacy does not show against itself "
            f"({found.samples:,} samples), and count as matches.",
            markup=False,
        )


def list_causes(lost: Mapping[str, int]) -> str:
    """Return why captures were lost, and how many: `full 1,200, hung 3`."""
    return ", ".join(f"{cause} {count:,}" for cause, count in sorted(lost.items()))


def _print_causes(found: SeamFindings, *, limit: int, out: Console) -> None:
    if not found.causes:
        return
    shown = found.causes[:limit]
    out.print()
    result = table(
        (">times", "cause, and an example of it", "capture"), (), title=f"What differs: {found.seam}"
    )
    for each in shown:
        result.add_row(*_cause_row(each))
    out.print(result)
    if len(found.causes) > limit:
        out.print(f"… and {len(found.causes) - limit:,} more causes (--limit).")
    first = shown[0]
    if not first.is_noise:
        out.print(f"Look closer: manage.py strangler compare --replay {first.example}")
    if any(each.rule and each.rule_state == "proposed" for each in found.causes):
        out.print(f"Say what is noise: manage.py strangler rules {found.seam}")


def _cause_row(each: CauseReport) -> tuple[str, Text, str]:
    text = Text(each.cause, style="dim" if each.is_noise else "bold")
    if each.is_noise:
        text.append(f"  noise{f', rule {each.rule} {each.rule_state}' if each.rule else ''}", style="dim")
    text.append(f"\n  control:   {_short(each.control)}", style="not bold")
    text.append(f"\n  candidate: {_short(each.candidate)}", style="not bold")
    return (f"{each.count:,}", text, str(each.example))


def _short(value: str) -> str:
    line = " ".join(value.split()) or "—"
    return line if len(line) <= EXAMPLE_WIDTH else f"{line[: EXAMPLE_WIDTH - 1]}…"


def _percent(share: float) -> str:
    """Never round up to 100 %: one mismatch in a million is one."""
    return f"{int(share * 10_000) / 100:.2f} %"
