"""Files of the service below MEDIA_ROOT: content-addressed, complete or absent, never half there.

A file is written under a temporary name in `images/incoming`, synced to disk and renamed into place, so that a
reader or a crash never meets a partial one. Its name is the SHA-256 of its content, so that writing it twice, by
two workers at once or after a crash, ends with the same file.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.conf import settings

from strangler.service import sandbox

ORIGINALS = "images/originals"
RENDITIONS = "images/renditions"
_INCOMING = "images/incoming"


@dataclass(frozen=True, slots=True)
class Store:
    """The service's part of the shared files; names are relative to *root*, with forward slashes."""

    root: Path

    def temporary(self) -> tuple[Path, BinaryIO]:
        """Return a new file to write to, on the same file system as its final place."""
        folder = self.root / _INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid4().hex}.tmp"
        return path, path.open("xb")

    def place(self, temporary: Path, *, folder: str, checksum: str, extension: str) -> str:
        """Rename a complete *temporary* file to its final name, replacing the same content, and return the name.

        Replacing (instead of keeping what is there) renews the file's age, which protects it from `sweep` until
        its row is written.
        """
        name = f"{folder}/{checksum[:2]}/{checksum}.{extension}"
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)
        _sync_folder(target.parent)
        return name

    def save(self, content: bytes, *, folder: str, extension: str) -> str:
        """Write *content* under the name of its checksum and return the name; safe to run twice or at once."""
        temporary, file = self.temporary()
        with _removed_on_error(temporary):
            with file:
                file.write(content)
                sync(file)
            checksum = hashlib.sha256(content).hexdigest()
            return self.place(temporary, folder=folder, checksum=checksum, extension=extension)

    def path(self, name: str) -> Path:
        """Return where the file called *name* is."""
        return self.root / name

    def temporaries(self, *, older_than: timedelta) -> Iterator[Path]:
        """Yield temporary files that nobody writes to any more: their writer was killed."""
        return _old_files(self.root / _INCOMING, older_than)

    def names(self, folder: str, *, older_than: timedelta) -> Iterator[str]:
        """Yield the names of the files in *folder* that have been there for longer than *older_than*."""
        for path in _old_files(self.root / folder, older_than):
            yield path.relative_to(self.root).as_posix()


def store() -> Store:
    """Return the store of this process's settings; in a sandbox one that is thrown away with it."""
    return Store(sandbox.folder("images") or Path(settings.MEDIA_ROOT))


def sync(file: BinaryIO) -> None:
    """Push what was written to *file* to the disk: after this it survives a power cut."""
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _old_files(folder: Path, older_than: timedelta) -> Iterator[Path]:
    limit = time.time() - older_than.total_seconds()
    for path in folder.rglob("*"):
        try:
            if path.is_file() and path.stat().st_mtime < limit:
                yield path
        except FileNotFoundError:
            continue  # renamed or removed by its owner meanwhile


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
