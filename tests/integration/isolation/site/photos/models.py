"""A photo of somebody."""

from django.conf import settings
from django.db import models


class Photo(models.Model):
    """Has a key that leads across the border."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.CharField(max_length=50)

    def __str__(self):
        return self.title
