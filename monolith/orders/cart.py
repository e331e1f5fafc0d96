"""The cart, kept in the visitor's session."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest

from monolith.catalog.door import Product, products_by_id
from monolith.catalog.models import Variant
from monolith.photos.models import Photo

SESSION_KEY = "cart"
MAX_QUANTITY = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the cart."""

    key: str
    product: Product
    variant: Variant
    photo: Photo | None
    quantity: int

    @property
    def amount(self) -> Decimal:
        """Return the price of the whole line."""
        return self.variant.price * self.quantity

    @property
    def title(self) -> str:
        """Return what it is, without the photo."""
        return title_of(self.product, self.variant)

    @property
    def description(self) -> str:
        """Return what the order will say."""
        of_photo = f", of “{self.photo}”" if self.photo else ""
        return f"{self.title}{of_photo}"[:250]


def title_of(product: Product, variant: Variant) -> str:
    """Return what somebody buys, in words."""
    return f"{product}, {variant.name}"


class Cart:
    """The visitor's cart; changes are saved with the session.

    The catalogue is asked once for each product, however often the lines are wanted; prices and stock are of now.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._session = request.session
        self._user = request.user
        # Line key → quantity; a key is "<variant>" or "<variant>:<photo uuid>".
        self._quantities: dict[str, int] = self._session.get(SESSION_KEY, {})
        self._products: dict[int, Product | None] = {}

    def __len__(self) -> int:
        return sum(self._quantities.values())

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines())

    def add(self, variant: Variant, *, photo: Photo | None = None, quantity: int = 1) -> None:
        """Put *quantity* more of *variant* into the cart, printed from *photo*."""
        key = f"{variant.pk}:{photo.uuid}" if photo else str(variant.pk)
        self.set_quantity(key, self._quantities.get(key, 0) + quantity)

    def set_quantity(self, key: str, quantity: int) -> None:
        """Set the quantity of the line *key*; zero removes it, more than MAX_QUANTITY is MAX_QUANTITY."""
        if quantity > 0:
            self._quantities[key] = min(quantity, MAX_QUANTITY)
        else:
            self._quantities.pop(key, None)
        self._session[SESSION_KEY] = self._quantities

    def has(self, key: str) -> bool:
        """Return whether the cart has the line *key*."""
        return key in self._quantities

    def clear(self) -> None:
        """Take everything out."""
        self._quantities = {}
        self._session.pop(SESSION_KEY, None)

    def lines(self) -> list[Line]:
        """Return the lines with current prices, without what is no longer sold or whose photo is gone."""
        parts = {key: key.partition(":") for key in self._quantities}
        variants = _variants({int(variant) for variant, _, _ in parts.values()})
        products = self._sold({variant.product_id for variant in variants.values()})
        variants = {key: variant for key, variant in variants.items() if products.get(variant.product_id)}
        photos = self._photos({photo for _, _, photo in parts.values() if photo})
        return [
            Line(
                key=key,
                product=products[variants[int(variant)].product_id],
                variant=variants[int(variant)],
                photo=photos.get(photo),
                quantity=self._quantities[key],
            )
            for key, (variant, _, photo) in parts.items()
            if int(variant) in variants and (not photo or photo in photos)
        ]

    def total(self) -> Decimal:
        """Return the price of everything in the cart."""
        return sum((line.amount for line in self.lines()), Decimal(0))

    def _sold(self, ids: set[int]) -> dict[int, Product | None]:
        """Return the products of *ids*; None for what is not sold any more."""
        unknown = ids - self._products.keys()
        found = products_by_id(unknown, is_active=True)
        self._products |= {each: found.get(each) for each in unknown}
        return self._products

    def _photos(self, keys: set[str]) -> dict[str, Photo]:
        if not keys or not self._user.is_authenticated:
            return {}
        found = Photo.objects.filter(owner=self._user, uuid__in=[uuid.UUID(key) for key in keys])
        return {str(photo.uuid): photo for photo in found}


def _variants(keys: set[int]) -> dict[int, Variant]:
    return Variant.objects.in_bulk(keys) if keys else {}
