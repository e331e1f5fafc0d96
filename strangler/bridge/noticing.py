"""Notice that a user changed: in the same transaction its link says so, and the web request pushes it at its end.

What passes Django's signals by (`QuerySet.update`, SQL) is noticed by `strangler.bridge.users.find_unnoticed`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_save, pre_delete
from django.utils import timezone

from strangler.bridge import records
from strangler.bridge.models import Link
from strangler.bridge.peer import peer_name
from strangler.conf import config

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import Model

_is_applying: ContextVar[bool] = ContextVar("strangler_bridge_applying", default=False)
_noticed: ContextVar[set[Any] | None] = ContextVar("strangler_bridge_noticed", default=None)


def connect() -> None:
    """Hear of saved and deleted users, and of the rows that belong to them."""
    user_model = get_user_model()
    post_save.connect(_user_saved, sender=user_model, dispatch_uid="strangler.bridge")
    pre_delete.connect(_user_deleted, sender=user_model, dispatch_uid="strangler.bridge")
    for model, owner in records.related_models():

        def related_saved(instance: Model, owner: str = owner, **_: Any) -> None:
            _mark(getattr(instance, f"{owner}_id"))

        post_save.connect(related_saved, sender=model, dispatch_uid=f"strangler.bridge {owner}", weak=False)


@contextmanager
def applying() -> Iterator[None]:
    """Notice nothing: what is saved in this block came from the other side."""
    token = _is_applying.set(True)
    try:
        yield
    finally:
        _is_applying.reset(token)


@contextmanager
def collecting() -> Iterator[set[Any]]:
    """Collect the primary keys of the users that are noticed in this block."""
    noticed: set[Any] = set()
    token = _noticed.set(noticed)
    try:
        yield noticed
    finally:
        _noticed.reset(token)


def mark(user_pk: Any) -> None:
    """Say that the user is to be sent; makes its link if it has none."""
    if not Link.objects.filter(user_id=user_pk).update(due_at=timezone.now()):
        Link.objects.create(user_id=user_pk, due_at=timezone.now())
    noticed = _noticed.get()
    if noticed is not None:
        noticed.add(user_pk)


def _mark(user_pk: Any) -> None:
    if peer_name() and not _is_applying.get():
        mark(user_pk)


def _user_saved(instance: Model, update_fields: Collection[str] | None = None, **_: Any) -> None:
    if update_fields is None or not set(update_fields).isdisjoint(config().user_fields):
        _mark(instance.pk)


def _user_deleted(instance: Model, **_: Any) -> None:
    if peer_name() and not _is_applying.get():
        Link.objects.filter(user_id=instance.pk).update(due_at=timezone.now())
