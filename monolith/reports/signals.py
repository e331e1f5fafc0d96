"""Hear of every saved and deleted row that reports are made of; what Django does in bulk is announced where it is done.

A message is written in the transaction of the change. A row that has moved to a service's database changes in a transaction of its own:
there the message is written after its commit, so that nothing is told of what was rolled back. A process that dies between the two tells
nothing; `fill_reports --restart` repairs that, and a photo that is handed over again is told of again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from monolith.catalog.door import Wanted, find
from monolith.catalog.models import Category, Product, Variant
from monolith.reports import feed
from strangler.outbox.models import OutboxMessage

_NAMES = {table.model: name for name, table in feed.TABLES.items()}


def connect() -> None:
    """Begin to hear."""
    for model in _NAMES:
        post_save.connect(_saved, sender=model, dispatch_uid="reports.feed")
        post_delete.connect(_deleted, sender=model, dispatch_uid="reports.feed")
    for model in (Product, Category):
        post_save.connect(_renamed, sender=model, dispatch_uid="reports.feed")


def _saved(
    sender: type[Model], instance: Model, update_fields: frozenset[str] | None, using: str, **_: Any
) -> None:
    name = _NAMES[sender]
    # A login saves `last_login`, which no report shows: it must not cost a message.
    if feed.TABLES[name].is_about(update_fields):
        _with_the_change(partial(feed.announce, name, [instance.pk]), using=using)


def _deleted(sender: type[Model], instance: Model, using: str, **_: Any) -> None:
    _with_the_change(partial(feed.withdraw, _NAMES[sender], instance.pk), using=using)


def _with_the_change(tell: Callable[[], object], *, using: str) -> None:
    """Do *tell* in the transaction of the change, or behind its commit if that is another database's than the outbox's."""
    if using == router.db_for_write(OutboxMessage):
        tell()
    else:
        transaction.on_commit(tell, using=using, robust=True)


def _renamed(sender: type[Model], instance: Model, **_: Any) -> None:
    if sender is Product:
        products = [instance.pk]
    else:
        products = [each.id for each in find(Wanted(category=instance.slug, is_active=None)).products]
    feed.announce("product", Variant.objects.filter(product_id__in=products).values_list("pk", flat=True))
