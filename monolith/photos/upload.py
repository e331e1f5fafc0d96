"""Takes one upload of one or many photos: all of them become photos, or none."""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from monolith.photos.inspection import Header, NotAPhotoError, inspect
from monolith.photos.models import Photo, home, title_of
from monolith.photos.renditions import Pictures, render

Result = TypeVar("Result")


class UploadRefusedError(Exception):
    """At least one file can't be printed; `reasons` has a pair of file name and reason for each such file."""

    def __init__(self, reasons: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons))
        self.reasons = reasons


@dataclass(slots=True)
class Received:
    """What an upload led to: photos made, and photos that the customer had before."""

    created: list[Photo] = field(default_factory=list)
    known: list[Photo] = field(default_factory=list)


def receive(uploads: list[UploadedFile], *, owner: AbstractBaseUser) -> Received:
    """Check, resize and store *uploads*, one after the other, and return when all of it is done.

    All or nothing: when a file is refused or anything else fails, no row and no file is left.

    Raises:
        UploadRefusedError: names every file that is no photo.
    """
    headers = _each(inspect, uploads)
    with _removing_files_on_failure() as written:
        pictures = _each(render, uploads)
        stored = [
            _store_files(*parts, written=written) for parts in zip(uploads, headers, pictures, strict=True)
        ]
        return _save_rows(stored, owner=owner)


def _each(work: Callable[[UploadedFile], Result], uploads: list[UploadedFile]) -> list[Result]:
    """Return what *work* makes of every upload; goes through all before it refuses any."""
    results, refused = [], []
    for upload in uploads:
        try:
            results.append(work(upload))
        except NotAPhotoError as error:
            refused.append((upload.name, str(error)))
    if refused:
        raise UploadRefusedError(refused)
    return results


def _store_files(
    upload: UploadedFile, header: Header, pictures: Pictures, *, written: list[str]
) -> dict[str, Any]:
    """Write original and pictures to the disk and return the fields of their row."""
    key = uuid.uuid4()
    original = _store(f"legacy/originals/{key.hex[:2]}/{key}{header.suffix}", upload, written=written)
    renditions = {
        str(size): _store(
            f"legacy/renditions/{key.hex[:2]}/{key}-{size}.jpg", ContentFile(data), written=written
        )
        for size, data in pictures.by_size.items()
    }
    return {
        "uuid": key,
        "title": title_of(upload.name),
        "filename": upload.name[:255],
        "original": original,
        "renditions": renditions,
        "checksum": _checksum(upload),
        "width": pictures.width,
        "height": pictures.height,
        "bytes": upload.size,
        "uploaded_at": timezone.now(),
    }


def _save_rows(stored: list[dict[str, Any]], *, owner: AbstractBaseUser) -> Received:
    """Make the rows, all at the end: while pictures are made no transaction keeps other writers waiting."""
    received = Received()
    with transaction.atomic(using=home()):
        for fields in stored:
            photo, is_new = Photo.objects.get_or_create(
                owner=owner, checksum=fields["checksum"], defaults=fields
            )
            if is_new:
                received.created.append(photo)
            else:
                received.known.append(photo)
                needless = [fields["original"], *fields["renditions"].values()]
                transaction.on_commit(partial(_remove, needless), using=home())
    return received


def _store(name: str, content: UploadedFile | ContentFile, *, written: list[str]) -> str:
    content.seek(0)
    # Noted before it is written, so that half a file on a full disk is removed as well.
    written.append(name)
    return default_storage.save(name, content)


@contextmanager
def _removing_files_on_failure() -> Iterator[list[str]]:
    written: list[str] = []
    try:
        yield written
    except BaseException:
        _remove(written)
        raise


def _remove(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def _checksum(upload: UploadedFile) -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()
