"""What the shop knows of a customer beyond Django's own user."""

from django.conf import settings
from django.db import models


class Address(models.Model):
    """Where something is sent to; the fields that a profile and an order share."""

    name = models.CharField(max_length=150, blank=True)
    street = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=60, blank=True, default="United Kingdom")

    class Meta:
        abstract = True

    @property
    def lines(self) -> list[str]:
        """Return the lines of the address as they are printed, without empty ones."""
        town = f"{self.postcode} {self.city}".strip()
        return [line for line in (self.name, self.street, town, self.country) if line]


class Profile(Address):
    """A customer's own page: address for the next order and what they want to hear of us."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    phone = models.CharField(max_length=40, blank=True)
    newsletter = models.BooleanField("send me news and offers", default=False)

    class Meta:
        ordering = ["user_id"]

    def __str__(self) -> str:
        return f"Profile of {self.user}"
