"""Removes the files of photos that are deleted: by their owner, by the staff, or together with their owner.

Order items keep the key of a photo that is gone, and their pages say that it was removed.
"""

from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.signals import post_delete

from monolith.photos.models import Photo


def connect() -> None:
    """Begin to hear of deleted photos."""
    post_delete.connect(_deleted, sender=Photo, dispatch_uid="photos.deletion")


def _deleted(instance: Photo, using: str, **_: Any) -> None:
    """Remove the files once the row is gone for good.

    Only legacy files have this one owner. What the image service made is its own to remove, and seeded photos
    share their files.
    """
    if instance.is_legacy:
        transaction.on_commit(partial(_remove, instance.files), using=using)


def _remove(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
