"""Check a file at the door, before anybody decodes it."""

import mmap
from pathlib import Path

from extracted.images.pictures.decoder import opened
from extracted.images.pictures.errors import (
    EmptyFileError,
    TooManyBytesError,
    TooManyFramesError,
    TooManyPixelsError,
)
from extracted.images.pictures.limits import Limits
from extracted.images.pictures.structure import Header, read_header


def inspect_file(path: Path, *, limits: Limits) -> Header:
    """Return what the file at *path* claims to be, if it is whole and within *limits*.

    Reads headers and structure, never pixels. A file that passes can still turn out to be damaged inside when a
    worker decodes it.

    Raises: PictureError: the file is refused; the message can be shown to the person who sent it.
    """
    size = path.stat().st_size
    if not size:
        raise EmptyFileError
    if size > limits.max_bytes:
        raise TooManyBytesError(limit=limits.max_bytes)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header = read_header(data)
    check_header(header, limits=limits)
    _check_that_the_decoder_agrees(path, header, limits=limits)
    return header


def check_header(header: Header, *, limits: Limits) -> None:
    """Refuse a header that claims too much.

    Raises: TooManyPixelsError, TooManyFramesError.
    """
    if header.pixels > limits.max_pixels:
        raise TooManyPixelsError(width=header.width, height=header.height, limit=limits.max_pixels)
    if header.frames > limits.max_frames:
        raise TooManyFramesError(limit=limits.max_frames)


def _check_that_the_decoder_agrees(path: Path, header: Header, *, limits: Limits) -> None:
    """Open without decoding: catches headers that only Pillow understands as bombs, like compressed text chunks."""
    with opened(path) as image:
        width, height = image.size
    seen = Header(format=header.format, width=width, height=height, frames=header.frames)
    check_header(seen, limits=limits)
