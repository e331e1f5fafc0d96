"""What the service knows of a customer beyond Django's own user."""

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """A customer's own page: address for the next order and what they want to hear of us.

    Has the fields of the shop's profile: both sides keep them in step (`STRANGLER["USER_FIELDS"]`).
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(max_length=150, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=60, blank=True, default="United Kingdom")
    phone = models.CharField(max_length=40, blank=True)
    newsletter = models.BooleanField("send me news and offers", default=False)

    class Meta:
        ordering = ["user_id"]

    def __str__(self) -> str:
        return f"Profile of {self.user}"
