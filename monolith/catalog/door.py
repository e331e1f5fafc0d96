"""The one door to the catalogue: pages ask here, and need not know who answers.

The seam `catalog.products` decides: the tables, or the catalog service by its API. If the service is silent the tables answer;
if they are not in reach, an answer of before, which says how old it is.
"""

from collections.abc import Iterable

from monolith.catalog import client, legacy
from monolith.catalog.errors import CatalogSilentError, CatalogUnavailableError
from monolith.catalog.values import Category, Found, Product, Wanted, in_order
from strangler.calls import question

__all__ = ["CatalogUnavailableError", "Category", "Found", "Product", "Wanted", "find", "products_by_id"]


@question("catalog.products", ask=client.find, silent=CatalogSilentError)
def _find(wanted: Wanted) -> Found:
    return legacy.find(wanted)


def find(wanted: Wanted) -> Found:
    """Answer *wanted*, with one call to whoever has the catalogue.

    Raises: CatalogUnavailableError: nobody answers, and nobody did lately. Pages answer 503.
    """
    try:
        return in_order(_find(wanted))
    except CatalogUnavailableError:
        before = client.last_answer(wanted)
        if before is None:
            raise
        return in_order(before)


def products_by_id(ids: Iterable[int], *, is_active: bool | None = None) -> dict[int, Product]:
    """Return the products of *ids* that there are; for none no call is made."""
    wanted = tuple(sorted(set(ids)))
    return find(Wanted(ids=wanted, is_active=is_active)).by_id if wanted else {}
