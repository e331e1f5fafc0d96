"""Invoices, their numbers, and payments."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from monolith.orders.models import Order

VAT_RATE = Decimal("0.20")


class InvoiceCounter(models.Model):
    """The last invoice number given out in a year; locked while the next one is taken, so there are no gaps."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-year"]

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Invoice(models.Model):
    """The bill of one order."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    number = models.CharField(max_length=20, unique=True)
    total = models.DecimalField(max_digits=10, decimal_places=2)
    vat_rate = models.DecimalField(max_digits=4, decimal_places=3, default=VAT_RATE)
    issued_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Return the address of the printable invoice."""
        return reverse("billing:invoice", args=[self.number])

    @property
    def net(self) -> Decimal:
        """Return the amount without VAT."""
        return (self.total / (1 + self.vat_rate)).quantize(Decimal("0.01"))

    @property
    def vat(self) -> Decimal:
        """Return the VAT that is in the total."""
        return self.total - self.net

    @property
    def vat_percent(self) -> Decimal:
        """Return the VAT rate in per cent."""
        return (self.vat_rate * 100).normalize()

    @property
    def paid(self) -> Decimal:
        """Return the sum of all payments so far."""
        return self.payments.aggregate(sum=models.Sum("amount"))["sum"] or Decimal(0)

    @property
    def due(self) -> Decimal:
        """Return what is still to be paid."""
        return self.total - self.paid


class Payment(models.Model):
    """Money that came in for an invoice."""

    class Method(models.TextChoices):
        """How it was paid."""

        DEMO_CARD = "demo_card", "card (demo)"
        TRANSFER = "transfer", "bank transfer"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments")
    amount = models.DecimalField(
        max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    method = models.CharField(max_length=10, choices=Method, default=Method.DEMO_CARD)
    card_last4 = models.CharField("last digits of the card", max_length=4, blank=True)
    paid_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-paid_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.amount} for {self.invoice}"
