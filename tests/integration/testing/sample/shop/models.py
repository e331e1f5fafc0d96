"""Orders."""

from django.db import models


class Order(models.Model):
    """One order."""

    item = models.CharField(max_length=50)
    total = models.IntegerField()

    def __str__(self):
        return self.item
