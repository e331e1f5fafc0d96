"""Removes photos and their files."""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from monolith.photos.models import Photo


@transaction.atomic
def delete(photo: Photo) -> None:
    """Delete *photo*, and its files once the row is gone for good.

    Only legacy files have this one owner. What the image service made is its own to remove, and seeded photos
    share their files.
    """
    files = photo.files if photo.is_legacy else []
    photo.delete()
    transaction.on_commit(partial(_remove, files))


def _remove(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
