"""The report of comparing as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strangler.shadow.report import SeamFindings


def as_document(report: Sequence[SeamFindings]) -> dict[str, Any]:
    """Return the report as JSON values: seam → what was found."""
    return {each.seam: _of_seam(each) for each in report}


def _of_seam(found: SeamFindings) -> dict[str, Any]:
    return {
        "compared": found.parity.compared,
        "matched": found.parity.matched,
        "rate": found.rate,
        "low": round(found.low, 6),
        "high": round(found.high, 6),
        "only_noise": found.noisy,
        "samples": found.samples,
        "shapes": dict(found.parity.shapes),
        "not_compared": dict(found.not_compared),
        "lost": dict(found.lost),
        "pending": found.pending,
        "dead": found.dead,
        "causes": [asdict(each) for each in found.causes],
    }
