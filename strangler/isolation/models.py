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


class LooseEnd(models.Model):
    """What a deletion left to do to rows of a table that has another owner. See Note [Loose end] in `loose`."""

    model = models.CharField(max_length=200, help_text="label of the model with the key, in lower case")
    key = models.CharField(max_length=100, help_text="name of the foreign key")
    rule = models.CharField(max_length=20)
    values = models.JSONField(help_text="values of the key that lead to what was deleted, as texts")
    due_at = models.DateTimeField(db_index=True)
    tries = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, help_text="why it was not done the last time")

    def __str__(self) -> str:
        return f"loose end {self.pk}: {self.rule} {self.model}.{self.key}"
