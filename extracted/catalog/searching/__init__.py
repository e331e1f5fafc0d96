"""Find products by their attributes and by words, as the database can.

PostgreSQL: attributes by containment, which a GIN index (`jsonb_path_ops`) answers; ranges of numbers, which an index for each
attribute answers; words by its full-text search, weighted and
ranked, over an index on the expression. SQLite: the same questions by reading every row; words are parts of words there.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Protocol, cast

from django.db import connections, router
from django.db.models import Q, QuerySet

from extracted.catalog.attributes import Bound
from extracted.catalog.models import Product


class Means(Protocol):
    """What a database is asked for."""

    def containing(self, wanted: dict[str, Any]) -> Q:
        """Return the condition that attributes contain *wanted*."""

    def comparing(self, bound: Bound) -> Q:
        """Return the condition that an attribute is a number within *bound*."""

    def index_numbers(self, names: Iterable[str]) -> None:
        """Make the indexes for ranges of the attributes *names* that there are not yet."""

    def matching(self, products: QuerySet[Product], words: str) -> QuerySet[Product]:
        """Return those of *products* in which *words* occur, with a number `rank`, higher for better."""


def means() -> Means:
    """Return the means of the database at hand; psycopg is imported only where it is needed."""
    vendor = connections[router.db_for_read(Product)].vendor
    name = "postgresql" if vendor == "postgresql" else "plain"
    return cast("Means", import_module(f"extracted.catalog.searching.{name}"))
