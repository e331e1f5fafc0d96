"""Captures as a file: exported to be replayed elsewhere or by tests, personal data masked, and imported again.

The format is JSON Lines: a head that names the format and its version, then one capture a line as `Capture.to_json`
writes it.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from strangler.core.capture import Capture
from strangler.core.masking import mask
from strangler.errors import CorpusError
from strangler.shadow import captures, keeping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

FORMAT = "strangler-corpus"
VERSION = 1


def export(
    path: Path, *, seam: str = "", limit: int | None = None, is_masked: bool = True, reason: str = ""
) -> int:
    """Write the captures that are kept, newest first, to *path*; returns how many.

    The file is complete or not there at all.
    Args:
        path: of the file; its folder must exist.
        seam: only of this seam.
        limit: most captures.
        is_masked: take personal data out of them.
        reason: why not, for the log.
    """
    if not is_masked:
        logger.warning("Captures are exported to %s with personal data in them: %s", path, reason)
    found = (kept.capture for kept in keeping.read_kept(seam=seam, limit=limit))
    return write(path, map(mask, found) if is_masked else found, is_masked=is_masked)


def write(path: Path, found: Iterable[Capture], *, is_masked: bool) -> int:
    """Write captures to *path*, so that it is complete or not there; returns how many."""
    beside = path.with_name(f".{path.name}.part")
    count = 0
    if not path.parent.is_dir():
        raise CorpusError("its folder does not exist.", path=path)
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(_line({"format": FORMAT, "version": VERSION, "masked": is_masked}))
            for capture in found:
                file.write(_line(capture.to_json()))
                count += 1
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


def read(path: Path) -> Iterator[Capture]:
    """Yield the captures of a file that `write` made.

    Raises:
        CorpusError: no such file, another format or version, or a line that is no capture; it names the line.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_head(path, file.readline())
            for number, line in enumerate(file, start=2):
                if line.strip():
                    yield _parse(path, line, number=number)
    except OSError as error:
        raise CorpusError(error.strerror or str(error), path=path) from error
    except UnicodeDecodeError as error:
        raise CorpusError("is no text in UTF-8.", path=path) from error


def load(path: Path, *, is_queued: bool = False) -> int:
    """Take the captures of a file, all or none; returns how many.

    Args:
        is_queued: have the worker compare them, as if they had just been made; else they are only kept.
    Raises:
        CorpusError: the file can't be read; nothing was taken.
    """
    found = list(read(path))
    if is_queued:
        captures.store(found)
    else:
        for capture in found:
            keeping.keep(capture)
    return len(found)


def _check_head(path: Path, line: str) -> None:
    head = _document(path, line, number=1)
    if head.get("format") != FORMAT:
        raise CorpusError(f"is no {FORMAT}: its first line has to say so.", path=path, line=1)
    if head.get("version") != VERSION:
        raise CorpusError(
            f"has version {head.get('version')!r}; this release reads version {VERSION}.", path=path, line=1
        )


def _parse(path: Path, line: str, *, number: int) -> Capture:
    try:
        return Capture.from_json(_document(path, line, number=number))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorpusError(f"is no capture: {error!r}.", path=path, line=number) from error


def _document(path: Path, line: str, *, number: int) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise CorpusError(f"is no JSON: {error}.", path=path, line=number) from error
    if not isinstance(document, dict):
        raise CorpusError("is no JSON object.", path=path, line=number)
    return document


def _line(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":")) + "\n"
