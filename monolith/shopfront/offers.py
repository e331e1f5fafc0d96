"""Products with the lowest of their prices: what a card of the shop shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min

from monolith.catalog.door import Product
from monolith.catalog.models import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product that can be bought."""

    product: Product
    lowest_price: Decimal


def offers(products: Iterable[Product]) -> list[Offer]:
    """Return an offer for each of *products* that has variants, in their order, with one query."""
    products = list(products)
    rows = Variant.objects.filter(product_id__in=[each.id for each in products]).order_by()
    lowest = dict(rows.values_list("product_id").annotate(Min("price")))
    return [Offer(product=each, lowest_price=lowest[each.id]) for each in products if each.id in lowest]


def has_variants(product_id: int) -> bool:
    """Tell whether a product has variants."""
    return Variant.objects.filter(product_id=product_id).exists()
