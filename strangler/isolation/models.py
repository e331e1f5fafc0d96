"""The table of ownership."""

from __future__ import annotations

from django.db import models


class OwnershipRecord(models.Model):
    """Who owns one table since a move; without a row the topology says it.

    The row stays when the model is deleted: its old migrations still ask where the table belongs.
    """

    table = models.CharField(max_length=190, primary_key=True)
    label = models.CharField(max_length=200, help_text="of the model, such as photos.photo; empty for none")
    owner = models.CharField(max_length=100, help_text="a service, or monolith")
    changed_at = models.DateTimeField()
    fence = models.PositiveBigIntegerField(
        default=0,
        help_text="id of the move that may turn it at any moment, from `verify` to `complete`; 0 for none",
    )

    class Meta:
        verbose_name = "ownership"

    def __str__(self) -> str:
        return f"{self.table}: {self.owner}"
