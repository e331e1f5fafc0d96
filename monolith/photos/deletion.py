"""Removes photos and their files."""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from monolith.photos.models import Photo, home


def delete(photo: Photo) -> None:
    """Delete *photo*, empty the keys of order items that showed it, and remove its files once the row is gone for good.

    Only legacy files have this one owner. What the image service made is its own to remove, and seeded photos
    share their files.
    """
    files = photo.files if photo.is_legacy else []
    key, items = photo.pk, photo.order_items.model.objects
    with transaction.atomic(using=home()):
        transaction.on_commit(partial(_remove, files), using=home())
        photo.delete()
        items.filter(photo_id=key).update(photo=None)


def _remove(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
