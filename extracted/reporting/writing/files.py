"""Files of the service: parts while they are made, whole files when they are done, never half a one in its place."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extracted.reporting.conf import config
from strangler.service import sandbox


@dataclass(frozen=True, slots=True)
class Store:
    """What is below *root*: `parts/<run>/` and `files/<run>.<extension>`, on one file system."""

    root: Path

    def parts(self, run: str) -> Path:
        """Return the folder for the parts of a run; it exists."""
        folder = self.root / "parts" / run
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def path(self, name: str) -> Path:
        """Return where the file called *name* is."""
        return self.root / "files" / name

    def publish(self, made: Path, name: str) -> int:
        """Put the whole file *made* into its place at once, and return its bytes; after that a power cut leaves it."""
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        sync(made)
        made.replace(target)
        sync(target.parent)
        return target.stat().st_size

    def drop_parts(self, run: str) -> None:
        """Remove the parts of a run, if there are any."""
        shutil.rmtree(self.root / "parts" / run, ignore_errors=True)

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def runs_with_parts(self) -> Iterator[str]:
        """Yield the runs that have parts."""
        yield from (path.name for path in (self.root / "parts").glob("*"))

    def names(self) -> Iterator[str]:
        """Yield the names of all whole files."""
        yield from (path.name for path in (self.root / "files").glob("*"))


def store() -> Store:
    """Return the store of this process's settings; in a sandbox one that is thrown away with it."""
    return Store(sandbox.folder("reporting") or config().folder)


def sync(path: Path) -> None:
    """Push a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
