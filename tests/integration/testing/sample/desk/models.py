"""Orders: the table came with the work."""

from django.db import models


class Order(models.Model):
    """One order."""

    item = models.CharField(max_length=50)
    total = models.IntegerField()

    class Meta:
        """Keep the name that the table had in the monolith."""

        db_table = "shop_order"

    def __str__(self):
        return self.item
