"""The tables of the service: the shop's categories and products as they moved here, and what a product's document must be.

`catalog_category` and `catalog_product` have the names and columns of the monolith's tables, so that rows move as
they are. Whatever PostgreSQL needs beyond them for searching is an index, and no column: see `searching`.
"""

from django.db import models
from django.utils import timezone


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(unique=True)
    blurb = models.CharField(max_length=200, blank=True)
    position = models.IntegerField(
        default=0
    )  # PostgreSQL has no unsigned numbers, and its small ones are smaller

    class Meta:
        db_table = "catalog_category"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A document: what is known of something that the shop sells, but for price and stock."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, help_text="Its product type.")
    summary = models.CharField(max_length=160)
    description = models.TextField(blank=True)
    attributes = models.JSONField(default=dict, help_text="What the schema of its type describes.")
    takes_photo = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    is_featured = models.BooleanField(default=False)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_product"

    def __str__(self) -> str:
        return self.name


class ProductType(models.Model):
    """One version of what the attributes of a kind of product must be; the highest version counts.

    A version is never changed: editing makes the next one. So it can be said of every document which versions it fits.
    """

    kind = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    schema = models.JSONField(help_text="JSON Schema, draft 2020-12.")
    note = models.CharField(max_length=200, blank=True, help_text="Why it was made.")
    made_by = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="catalog_type_version")]
        ordering = ["kind", "version"]

    def __str__(self) -> str:
        return f"{self.kind} {self.version}"


class Seen(models.Model):
    """Since which whole second the answer to a path is as it is; see `seen`."""

    what = models.CharField(max_length=200, primary_key=True, help_text="Path of the API.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the answer.")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.what} since {self.since}"
