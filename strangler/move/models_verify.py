"""What verifications found, for the switch that waits for a good one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from strangler.conf import config

if TYPE_CHECKING:
    from datetime import datetime

    from strangler.move.report import Report, TableReport

SAMPLE = 100


class VerifyResult(models.Model):
    """One verification of all tables of a move. Rows are only ever added."""

    move = models.ForeignKey(
        "strangler_move.MoveRecord", on_delete=models.CASCADE, related_name="verifications"
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    rows = models.PositiveBigIntegerField()
    differences = models.PositiveBigIntegerField()
    details = models.JSONField(help_text="Per table: rows, the first differences, losses, what was accepted.")

    class Meta:
        app_label = "strangler_move"
        verbose_name = "verification"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.differences} differences"

    def is_valid(self, *, now: datetime) -> bool:
        """Return whether a switch may rely on it: no difference, and begun within `VERIFY_LIFETIME`."""
        return not self.differences and now - self.began_at <= config().verify_lifetime

    @classmethod
    def store(cls, report: Report, *, move_id: int) -> VerifyResult:
        """Keep *report* with its move."""
        return cls.objects.using(config().database).create(
            move_id=move_id,
            began_at=report.began_at,
            ended_at=report.ended_at,
            rows=report.rows,
            differences=report.differences,
            details=[_describe(table) for table in report.tables],
        )

    @classmethod
    def latest(cls, *, move_id: int) -> VerifyResult | None:
        """Return the last verification of a move, or None."""
        return cls.objects.using(config().database).filter(move_id=move_id).first()


def _describe(table: TableReport) -> dict[str, object]:
    return {
        "table": table.table,
        "target_table": table.target_table,
        "source_rows": table.source_rows,
        "target_rows": table.target_rows,
        "differences": [str(difference) for difference in table.differences[:SAMPLE]],
        "is_complete": table.is_complete,
        "moving": table.moving,
        "losses": [str(loss) for loss in table.losses],
        "accepted": [str(remark) for remark in table.accepted],
        "accepted_rows": table.accepted_rows,
    }
