"""PostgreSQL: JSONB with a GIN index, and full-text search over an index on an expression.

Note [No column for the vector]: the table's columns are exactly those that move, so that `strangler move` writes, verifies and reverses
it. The vector is an expression; its index is kept by the server, whoever writes the row: a move, the shop or this service. A query
has to use the same expression to be answered by the index, which is why there is one `vector`.

Note [An index for each number]: GIN answers no ranges, so every attribute that a type declares as a number has a B-tree of its own, made
with the version of the type. Only numbers are in it, since a long text would not fit into one and could not be written then.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import CombinedSearchVector, SearchQuery, SearchRank, SearchVector
from django.db import connections, router
from django.db.models import BooleanField, FloatField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from extracted.catalog.attributes import COMPARISONS, Bound
from extracted.catalog.models import Product

CONFIG = "english"
WEIGHTS = (("name", "A"), ("summary", "B"), ("attributes", "B"), ("description", "C"))

_NUMBER = "jsonb_typeof(catalog_product.attributes -> %s) = 'number'"
_WITHIN = f"{_NUMBER} AND (catalog_product.attributes -> %s) {{comparison}} %s::jsonb"
_NUMBER_INDEX = f"CREATE INDEX IF NOT EXISTS {{name}} ON catalog_product ((attributes -> %s)) WHERE {_NUMBER}"


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


def comparing(bound: Bound) -> Q:
    """Return the condition that an attribute is a number within *bound*: JSONB compares numbers by their value."""
    sql = _WITHIN.format(comparison=COMPARISONS[bound.comparison])
    parameters = (bound.name, bound.name, json.dumps(bound.number))
    return Q(RawSQL(sql, parameters, output_field=BooleanField()))  # noqa: S611 - no text of others


def index_numbers(names: Iterable[str]) -> None:
    """Make the indexes for ranges of the attributes *names* that there are not yet; see Note [An index for each number]."""
    connection = connections[router.db_for_write(Product)]
    with connection.cursor() as cursor:
        for name in sorted(names):
            sql = _NUMBER_INDEX.format(name=number_index(name))
            cursor.execute(connection.ops.compose_sql(sql, (name, name)))


def number_index(attribute: str) -> str:
    """Return the name of the index for ranges of *attribute*."""
    return f"catalog_product_number_{hashlib.sha256(attribute.encode()).hexdigest()[:12]}"


def matching(products: QuerySet[Product], words: str) -> QuerySet[Product]:
    """Return those of *products* in which *words* occur, as people write them: `"in quotes"`, `or`, `-without`."""
    query = SearchQuery(words, config=CONFIG, search_type="websearch")
    return products.annotate(vector=vector(), rank=Cast(SearchRank(vector(), query), FloatField())).filter(
        vector=query
    )
