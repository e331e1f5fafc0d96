"""Rows and primary keys in bulk, on every database and with little memory."""

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings
from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)

PAGE = 10_000


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep Django from remembering, and spelling out, every query, as it does while DEBUG is on."""
    before, settings.DEBUG = settings.DEBUG, False
    try:
        yield
    finally:
        settings.DEBUG = before


def insert(rows: Sequence[Row], *, natural: str) -> Sequence[Row]:
    """Insert *rows* and return them with their primary keys.

    MySQL does not return keys of a bulk insert; they are read back by the unique field *natural*.
    """
    model = type(rows[0])
    model.objects.bulk_create(rows)
    if not connection.features.can_return_rows_from_bulk_insert:
        names = [getattr(row, natural) for row in rows]
        keys = dict(model.objects.filter(**{f"{natural}__in": names}).values_list(natural, "pk"))
        for row in rows:
            row.pk = keys[getattr(row, natural)]
    return rows


def primary_keys(queryset: models.QuerySet) -> array:
    """Return all primary keys of *queryset* in order: eight bytes each, read page by page.

    Pages, because MariaDB's driver fetches a whole result before it gives the first row.
    """
    keys = array("q")
    ordered = queryset.order_by("pk").values_list("pk", flat=True)
    while page := list(ordered.filter(pk__gt=keys[-1] if keys else 0)[:PAGE]):
        keys.extend(page)
    return keys
