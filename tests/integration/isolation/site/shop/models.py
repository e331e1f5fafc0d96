"""An order of a photo, and code that touches it."""

from django.db import models

from tests.integration.isolation.site.photos.models import Photo


class Order(models.Model):
    """Has a key that leads across the border."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE)

    def __str__(self):
        return str(self.pk)


def titles():
    """Read the service's table with a join."""
    return list(Order.objects.values_list("photo__title", flat=True))


def title_by_key():
    """Read the service's table with a query of its own."""
    return [order.photo.title for order in Order.objects.all()]
