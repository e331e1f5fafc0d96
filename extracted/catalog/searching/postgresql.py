"""PostgreSQL: JSONB with a GIN index, and full-text search over an index on an expression.

Note [No column for the vector]: the table's columns are exactly those that move, so that `strangler move` writes, verifies and reverses
it. The vector is an expression; its index is kept by the server, whoever writes the row: a move, the shop or this service. A query
has to use the same expression to be answered by the index, which is why there is one `vector`.
"""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import CombinedSearchVector, SearchQuery, SearchRank, SearchVector
from django.db.models import FloatField, Q, QuerySet
from django.db.models.functions import Cast

from extracted.catalog.models import Product

CONFIG = "english"
WEIGHTS = (("name", "A"), ("summary", "B"), ("attributes", "B"), ("description", "C"))


def vector() -> SearchVector | CombinedSearchVector:
    """Return what is searched."""
    first, *others = (SearchVector(field, weight=weight, config=CONFIG) for field, weight in WEIGHTS)
    combined: SearchVector | CombinedSearchVector = first
    for other in others:
        combined = combined + other
    return combined


def indexes() -> list[GinIndex]:
    """Return the indexes that the migration makes."""
    return [
        GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="catalog_product_attributes"),
        GinIndex(vector(), name="catalog_product_search"),
    ]


def containing(wanted: dict[str, Any]) -> Q:
    """Return the condition that attributes contain *wanted*."""
    return Q(attributes__contains=wanted)


def matching(products: QuerySet[Product], words: str) -> QuerySet[Product]:
    """Return those of *products* in which *words* occur, as people write them: `"in quotes"`, `or`, `-without`."""
    query = SearchQuery(words, config=CONFIG, search_type="websearch")
    return products.annotate(vector=vector(), rank=Cast(SearchRank(vector(), query), FloatField())).filter(
        vector=query
    )
