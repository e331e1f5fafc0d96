"""Hear of every saved and deleted row that reports are made of; what Django does in bulk is announced where it is done."""

from typing import Any

from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from monolith.catalog.door import Wanted, find
from monolith.catalog.models import Category, Product, Variant
from monolith.reports import feed

_NAMES = {table.model: name for name, table in feed.TABLES.items()}


def connect() -> None:
    """Begin to hear."""
    for model in _NAMES:
        post_save.connect(_saved, sender=model, dispatch_uid="reports.feed")
        post_delete.connect(_deleted, sender=model, dispatch_uid="reports.feed")
    for model in (Product, Category):
        post_save.connect(_renamed, sender=model, dispatch_uid="reports.feed")


def _saved(sender: type[Model], instance: Model, update_fields: frozenset[str] | None, **_: Any) -> None:
    name = _NAMES[sender]
    # A login saves `last_login`, which no report shows: it must not cost a message.
    if feed.TABLES[name].is_about(update_fields):
        feed.announce(name, [instance.pk])


def _deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    feed.withdraw(_NAMES[sender], instance.pk)


def _renamed(sender: type[Model], instance: Model, **_: Any) -> None:
    if sender is Product:
        products = [instance.pk]
    else:
        products = [each.id for each in find(Wanted(category=instance.slug, is_active=None)).products]
    feed.announce("product", Variant.objects.filter(product_id__in=products).values_list("pk", flat=True))
