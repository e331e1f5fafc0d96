"""What pages know of the catalogue, whichever side said it: plain values, checked, without a way to a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from monolith.catalog.models import Product as ProductRow

UNKNOWN_ART = "catalog/art/empty.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A shelf of the shop."""

    id: int
    slug: str
    name: str
    blurb: str
    position: int

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the category's page."""
        return reverse("catalog:category", args=[self.slug])


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something that we make or sell; what it costs its variants say."""

    id: int
    slug: str
    name: str
    kind: str
    category: Category
    summary: str
    description: str
    attributes: Mapping[str, Any] = field(hash=False)
    takes_photo: bool
    is_active: bool
    is_featured: bool
    position: int

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the product's page."""
        return reverse("catalog:product", args=[self.slug])

    @property
    def art(self) -> str:
        """Return the template that draws a product of this kind; the service may have kinds that have no drawing yet."""
        return f"catalog/art/{self.kind}.svg" if self.kind in ProductRow.Kind.values else UNKNOWN_ART


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A question to the catalogue; what is left out is not asked for.

    Args:
        slug: of the one product.
        ids: of the products.
        category: slug of the one whose products are wanted.
        is_active, is_featured, takes_photo: which products; None for both.
        with_categories: all categories beside the products.
    """

    slug: str = ""
    ids: tuple[int, ...] | None = None
    category: str = ""
    is_active: bool | None = True
    is_featured: bool | None = None
    takes_photo: bool | None = None
    with_categories: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the catalogue answers.

    Args:
        products: by position, then name.
        categories: all of them in their order, if they were asked for.
        late_since: when it was true, if nobody could be asked now and this is an answer of before; else None.
    """

    products: tuple[Product, ...]
    categories: tuple[Category, ...] = ()
    late_since: datetime | None = None

    @property
    def by_id(self) -> dict[int, Product]:
        """Return the products by their primary key."""
        return {product.id: product for product in self.products}


def in_order(found: Found) -> Found:
    """Return *found* in the order of pages, which no collation of a database has a say in."""
    return Found(
        products=tuple(sorted(found.products, key=_place)),
        categories=tuple(sorted(found.categories, key=_place)),
        late_since=found.late_since,
    )


def _place(each: Category | Product) -> tuple[int, str, int]:
    return each.position, each.name.casefold(), each.id
