"""What a visitor wrote last."""

from __future__ import annotations

from django.db import models


class Note(models.Model):
    """The number that a visitor wrote last."""

    visitor = models.CharField(max_length=50, unique=True)
    number = models.IntegerField()

    class Meta:
        app_label = "site"

    def __str__(self):
        return f"{self.visitor}: {self.number}"
