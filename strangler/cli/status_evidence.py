"""What is known of both sides of each seam, and what is missing before it may go on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strangler.cli.render import table
from strangler.core.decision import Side
from strangler.core.plan import PlanStatus
from strangler.core.stages import RolloutStage

if TYPE_CHECKING:
    from rich.console import Console

    from strangler.core.evidence import Parity
    from strangler.core.plan import Plan
    from strangler.rollout.report import SeamReport, StatusReport

_COLUMNS = ("seam", "plan", ">compared", ">match", ">missing", ">p99 legacy", ">p99 service", "why")


def print_evidence(report: StatusReport, *, out: Console) -> None:
    """Print a row for each seam that is on its way: compared, serving, or planned to be."""
    rows = [_row(each) for each in report.seams if _is_on_its_way(each)]
    if rows:
        out.print()
        out.print(table(_COLUMNS, rows, title="Evidence"))


def document_of(report: SeamReport) -> dict[str, Any]:
    """Return the evidence of a seam as JSON values; nothing for one that was born in the service."""
    if report.parity is None or report.verdict is None:
        return {}
    return {
        "compared": report.parity.compared,
        "matched": report.parity.matched,
        "match_rate": _rate(report.parity),
        "shapes": len(report.parity.shapes),
        "missing_comparisons": report.verdict.missing,
        "verdict": {"outcome": report.verdict.outcome, "reasons": report.verdict.reasons},
        "p99_ms": {side.value: _milliseconds(report, side) for side in Side},
        "plan": _plan_document(report.plan) if report.plan else None,
    }


def _plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "to": str(plan.to),
        "at": str(plan.at),
        "status": plan.status,
        "reason": plan.reason,
        "actor": plan.actor,
        "started_at": plan.started_at.isoformat(),
        "step_since": plan.step_since.isoformat(),
    }


def _is_on_its_way(report: SeamReport) -> bool:
    has_moved = report.rollout.stage is not RolloutStage.LEGACY
    return report.seam.has_legacy and (has_moved or report.plan is not None)


def _row(report: SeamReport) -> tuple[str, ...]:
    plan, parity, verdict = report.plan, report.parity, report.verdict
    rate = _rate(parity) if parity else None
    is_told = plan is not None and (not plan.status.is_over or plan.status is PlanStatus.ROLLED_BACK)
    why = plan.reason if plan and is_told else " ".join(verdict.reasons) if verdict else ""
    return (
        report.seam.name,
        f"to {plan.to}: {plan.status}" if plan else "none",
        f"{parity.compared:,}" if parity else "",
        f"{100 * rate:.2f} %" if rate is not None else "-",
        f"{verdict.missing:,}" if verdict else "",
        *(_shown(_milliseconds(report, side)) for side in (Side.LEGACY, Side.SERVICE)),
        why,
    )


def _rate(parity: Parity) -> float | None:
    return parity.matched / parity.compared if parity.compared else None


def _milliseconds(report: SeamReport, side: Side) -> float | None:
    p99 = report.health[side].p99
    return round(p99 / timedelta(milliseconds=1), 1) if p99 is not None else None


def _shown(milliseconds: float | None) -> str:
    return f"{milliseconds:,.0f} ms" if milliseconds is not None else "-"
