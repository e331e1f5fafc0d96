"""The one place where Pillow opens a file: which decoders it may use, and how its complaints are told."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from extracted.images.pictures.errors import BrokenPictureError, PictureError

# What the shop has always taken. SVG is a program, not a picture; HEIC and AVIF come from browsers as JPEG.
# (Pillow reads the multi-picture JPEG of phones as a JPEG.)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")

# What Pillow's decoders raise on hostile bytes; MemoryError and time limits are no fault of the file and pass.
_COMPLAINTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open *path* lazily with the accepted decoders only; inside, a decoder's complaint becomes ours.

    Raises: BrokenPictureError: the decoder gave up, at opening or anywhere in the block.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            yield image
    except PictureError:
        raise
    except _COMPLAINTS as error:
        raise BrokenPictureError(_said(error)) from error


def _said(error: BaseException) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "the decoder does not recognise it"
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]
