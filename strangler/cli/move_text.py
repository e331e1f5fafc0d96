"""How a move looks to people: its plan, its status, its progress."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TextColumn

from strangler.cli.render import table
from strangler.core.stages import MoveStage
from strangler.move.progress import status

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.move.models import MoveRecord
    from strangler.move.planning import Plan
    from strangler.move.preflight import Refusal
    from strangler.move.progress import MoveStatus


def say_plan(plan: Plan, *, out: Console) -> None:
    """Print tables, statements and refusals."""
    rows = [(each.source, each.target, f"{each.rows:,}", f"{each.bytes:,}") for each in plan.tables]
    kind = "Replicate" if plan.is_replica else "Move"
    out.print(table(["source", "target", ">rows (about)", ">bytes"], rows, title=f"{kind} to {plan.service}"))
    for step in plan.steps:
        out.print(f"\n[{step.end}] {step.note}", markup=False)
        for sql in step.statements:
            out.print(f"  {sql};", markup=False, soft_wrap=True)
    out.print()
    for refusal in plan.refusals:
        _say_refusal(refusal, out=out)
    out.print("The move would be refused." if plan.blocking else "Nothing stands against it.")


def _say_refusal(refusal: Refusal, *, out: Console) -> None:
    out.print(f"{'warning' if refusal.is_warning else 'REFUSED'} {refusal}", markup=False, soft_wrap=True)
    for line in refusal.detail.splitlines():
        out.print(f"    {line}", markup=False, soft_wrap=True)


def say_paused(record: MoveRecord, *, out: Console) -> None:
    """Print why nothing happens yet, and what ends it."""
    reason = f"{record.pause_name}: {record.pause_reason}".rstrip(": ")
    out.print(f"It is paused ({reason}).", markup=False, soft_wrap=True)
    out.print(f"This process waits for: strangler move {record.service} resume", markup=False)


def say_status(found: MoveStatus, *, out: Console) -> None:
    """Print where the move stands, a bar for what is copied, a line for each table, and what blocks it."""
    kind = "replica" if found.is_replica else "move"
    out.print(f"{kind} {found.move} to {found.service}: [bold]{found.stage}[/bold]")
    out.print(f"{bar(found)}  {_figures(found)}", markup=False)
    rows = [
        (
            each.source,
            each.target,
            f"{each.copied:,}",
            f"{each.followed:,}",
            "yes" if each.is_complete else "no",
        )
        for each in found.tables
    ]
    out.print(table(["source", "target", ">copied", ">followed", "complete"], rows))
    limits = ", ".join(f"{name} {value:,}" for name, value in found.limits.items())
    out.print(f"works on it: {found.holder or 'nobody'}; limits: {limits or 'none'}", markup=False)
    if found.stage is MoveStage.SWITCHED:
        out.print(f"only {found.service} has: {found.lag_entries:,} changes; the others can be reversed to")
    for reason in found.blocked:
        out.print(f"blocked: {reason}", markup=False, soft_wrap=True)
    for at, what, reason, who in found.events:
        out.print(f"{at:%Y-%m-%d %H:%M:%S} {what} by {who} {reason}".rstrip(), markup=False, soft_wrap=True)


def bar(found: MoveStatus, *, width: int = 30) -> str:
    """Return a bar of text for how much is copied."""
    done = round(width * min(1.0, found.copied / found.total)) if found.total else width
    return "█" * done + "░" * (width - done)


def _figures(found: MoveStatus) -> str:
    remaining = f", {_clock(found.remaining)} left" if found.remaining is not None else ""
    speed = f"{found.rows_per_second:,} rows/s"
    lag = f"lag {found.lag_entries:,} changes, {found.lag.total_seconds():.1f} s"
    return f"{found.copied:,} of about {found.total:,} rows, {speed}, {lag}{remaining}"


def _clock(duration: timedelta) -> str:
    return str(timedelta(seconds=round(duration.total_seconds())))


class ProgressLine:
    """A moving bar on a terminal, a line now and then elsewhere."""

    LINE_EVERY = 10  # reports, which come about once a second

    def __init__(self, out: Console) -> None:
        self._out = out
        self._shown = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), console=out, disable=not out.is_terminal
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, record: MoveRecord) -> None:
        """Show where *record* stands."""
        found = status(record)
        text = f"{found.stage}: {_figures(found)}"
        self._bar.update(self._task, description=text, completed=found.copied, total=found.total or 1)
        if not self._out.is_terminal and self._shown % self.LINE_EVERY == 0:
            self._out.print(text, markup=False)
        self._shown += 1
