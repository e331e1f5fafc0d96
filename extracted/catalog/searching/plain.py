"""SQLite, which has no index for documents or words: every row is read, and words may be parts of words."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Case, FloatField, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from extracted.catalog.attributes import COMPARISONS, Bound
from extracted.catalog.models import Product

MOST_WORDS = 20
_POINTS = (("name", 4.0), ("summary", 2.0), ("text", 2.0), ("description", 1.0))
_SCALAR = """EXISTS (SELECT 1 FROM json_each(catalog_product.attributes) m
                      WHERE m.key = %s AND m.value = %s AND (m.type IN ('true', 'false')) = %s)"""
_LIST = """EXISTS (SELECT 1 FROM json_each(catalog_product.attributes) m,
                               json_each(CASE m.type WHEN 'array' THEN m.value ELSE '[]' END) i
                      WHERE m.key = %s AND i.value = %s AND (i.type IN ('true', 'false')) = %s)"""

_NUMBER = """EXISTS (SELECT 1 FROM json_each(catalog_product.attributes) m
                      WHERE m.key = %s AND m.type IN ('integer', 'real') AND m.value {comparison} %s)"""


def containing(wanted: dict[str, Any]) -> Q:
    """Return the condition that attributes contain *wanted*: one name with a value, or with a list of one value."""
    ((name, value),) = wanted.items()
    sql, each = (_LIST, value[0]) if isinstance(value, list) else (_SCALAR, value)
    parameters = (name, each, isinstance(each, bool))
    return Q(RawSQL(sql, parameters, output_field=BooleanField()))  # noqa: S611 - no text of others


def comparing(bound: Bound) -> Q:
    """Return the condition that an attribute is a number within *bound*."""
    sql = _NUMBER.format(comparison=COMPARISONS[bound.comparison])
    return Q(RawSQL(sql, (bound.name, bound.number), output_field=BooleanField()))  # noqa: S611 - as above


def index_numbers(names: Iterable[str]) -> None:
    """Make nothing: every row is read."""


def matching(products: QuerySet[Product], words: str) -> QuerySet[Product]:
    """Return those of *products* in which all *words* occur somewhere."""
    rank: Any = Value(0.0)
    found = products.annotate(text=Cast("attributes", TextField()))
    for word in words.replace('"', " ").split()[:MOST_WORDS]:
        anywhere = Q()
        for field, points in _POINTS:
            condition = Q(**{f"{field}__icontains": word})
            anywhere |= condition
            rank = rank + Case(When(condition, then=Value(points)), default=Value(0.0))
        found = found.filter(anywhere)
    return found.annotate(rank=Cast(rank, FloatField()))
