"""What all writers share: parts that only grow, and a checkpoint from which another process goes on.

A checkpoint says how long each part is and what the writer needs to know; going on cuts off what was written after
it. So whatever happens, each row is in the file once.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from extracted.reporting.definitions import Chart, Column

Check = Callable[[], object]
PIECE_ROWS = 1_000
"""Written at a time: their cells fit into a processor's cache, where going through them by columns takes half the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a file says besides its rows."""

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    chart: Chart | None = None
    as_of: datetime | None = None


class Part:
    """A file that only grows."""

    def __init__(self, path: Path, *, size: int) -> None:
        self.path = path
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        if os.fstat(self._file.fileno()).st_size < size:
            self._file.close()
            raise FileNotFoundError(f"{path.name} is shorter than its checkpoint says")
        self._file.truncate(size)
        self._file.seek(size)

    def write(self, content: bytes) -> None:
        """Append *content*."""
        self._file.write(content)

    def sync(self) -> int:
        """Push what was written to the disk and return how much that is."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file; what a full disk does not take is lost, and behind the last checkpoint anyway."""
        with suppress(OSError):
            self._file.close()


class Writer:
    """Writes rows to parts below *folder*; goes on from *checkpoint*, which is empty at the beginning."""

    takes_amounts_as_texts: ClassVar[bool] = False

    def __init__(self, folder: Path, sheet: Sheet, *, checkpoint: Mapping[str, Any]) -> None:
        self.folder = folder
        self.sheet = sheet
        self.rows: int = checkpoint.get("rows", 0)
        self.note: str = checkpoint.get("note", "")
        sizes: Mapping[str, int] = checkpoint.get("parts", {})
        self._parts: dict[str, Part] = {}
        try:
            for name, size in sizes.items():
                self._parts[name] = Part(folder / name, size=size)
            if not checkpoint:
                self.begin()
        except BaseException:
            self.close()
            raise

    def begin(self) -> None:
        """Write what comes before the first row."""

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows*, values as the database gave them, in the order of the columns."""
        for begin in range(0, len(rows), PIECE_ROWS):
            piece = rows[begin : begin + PIECE_ROWS]
            self.write_rows(piece)
            self.rows += len(piece)

    def write_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write *rows* to a part."""
        raise NotImplementedError

    def checkpoint(self) -> dict[str, Any]:
        """Push all to the disk and return what going on needs, as JSON values."""
        sizes = {name: part.sync() for name, part in self._parts.items()}
        return {"rows": self.rows, "note": self.note, "parts": sizes}

    def finish(self, check: Check) -> Path:
        """Make the whole file and return where it is.

        Args: check: is called now and then; what it raises ends the work.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close all parts; they stay on the disk."""
        for part in self._parts.values():
            part.close()

    def part(self, name: str) -> Part:
        """Return the part called *name*, a new one if it is not there."""
        if name not in self._parts:
            self._parts[name] = Part(self.folder / name, size=0)
        return self._parts[name]
