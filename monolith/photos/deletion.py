"""Removes photos and their files."""

from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction

from monolith.photos.models import Photo


@transaction.atomic
def delete(photo: Photo) -> None:
    """Delete *photo*, and its files once the row is gone for good.

    Files that other photos use stay, and so do those that the image service made: they are its own.
    """
    files = photo.files if photo.is_legacy else []
    is_shared = Photo.objects.filter(original=photo.original).exclude(pk=photo.pk).exists()
    photo.delete()
    if not is_shared:
        transaction.on_commit(partial(_remove, files))


def _remove(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
