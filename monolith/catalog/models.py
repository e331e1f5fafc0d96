"""Categories, products and the variants that are sold.

Categories and products can move to the catalog service (decision 0081), so pages read them through `monolith.catalog.door`.
Variants, with price and stock, stay.
"""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)
    blurb = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the category's page."""
        return reverse("catalog:category", args=[self.slug])


class Product(models.Model):
    """Something we make or sell, in one or more variants."""

    class Kind(models.TextChoices):
        """Which drawing stands for the product."""

        PRINT = "print"
        SQUARE = "square"
        POSTER = "poster"
        CANVAS = "canvas"
        FRAME = "frame"
        BOOK = "book"
        CALENDAR = "calendar"
        PAPER = "paper"

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    summary = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    attributes = models.JSONField(
        default=dict, blank=True, help_text='What else is known of it, by name: {"paper_weight": 260}.'
    )
    takes_photo = models.BooleanField(default=True, help_text="Made from one of the customer's photos.")
    is_active = models.BooleanField(default=True)
    is_featured = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the product's page."""
        return reverse("catalog:product", args=[self.slug])

    @property
    def art(self) -> str:
        """Return the template that draws a product of this kind."""
        return f"catalog/art/{self.kind}.svg"


class Variant(models.Model):
    """A size, paper or colour of a product, with its own price and stock."""

    # A loose key: products can move to the catalog service's database, and what is deleted there leaves variants behind,
    # which are not sold then.
    product = models.ForeignKey(
        Product, on_delete=models.DO_NOTHING, related_name="variants", db_constraint=False
    )
    name = models.CharField(max_length=100)
    sku = models.CharField("article number", max_length=40, unique=True)
    price = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text="With VAT, in pounds.",
    )
    stock = models.PositiveIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "price"]
        constraints = [models.UniqueConstraint(fields=["product", "name"], name="variant_name_per_product")]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"  # the product's name is the catalogue's to say, see `door`
