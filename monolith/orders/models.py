"""Orders and what is in them."""

import secrets
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from monolith.accounts.models import Address
from monolith.catalog.models import Variant
from monolith.photos.models import Photo

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number() -> str:
    """Return an order number that nobody can guess and everybody can read over the telephone."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"HT-{code}"


class Order(Address):
    """What a customer bought at one checkout; carries its own copy of the address."""

    class Status(models.TextChoices):
        """How far the order is."""

        PLACED = "placed"
        PAID = "paid"
        SENT = "sent"
        CANCELLED = "cancelled"

    number = models.CharField(max_length=20, unique=True, default=new_number, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    total = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    placed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-placed_at", "-pk"]
        indexes = [models.Index(fields=["user", "-placed_at"], name="orders_of_customer")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Return the address of the order's page."""
        return reverse("orders:detail", args=[self.number])


class OrderItem(models.Model):
    """One line of an order; keeps name and price of the day, whatever becomes of product and photo."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    photo = models.ForeignKey(
        Photo,
        on_delete=models.DO_NOTHING,  # the key of a removed photo stays: that there was one is part of the order
        null=True,
        blank=True,
        related_name="order_items",
        db_constraint=False,  # a loose key: the photos can move to another database (decision 0051)
    )
    description = models.CharField(max_length=250)
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def has_lost_photo(self) -> bool:
        """Whether it was ordered with a photo that has been removed since."""
        return self.photo_id is not None and self.photo is None

    @property
    def amount(self) -> Decimal:
        """Return the price of the whole line."""
        return self.unit_price * self.quantity
