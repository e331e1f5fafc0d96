"""Make all renditions of a picture from one decode.

A JPEG is decoded once, already shrunk by its own transform (`draft`), to the smallest size that is still at
least the largest rendition; each further rendition is made from the one before it. For a 12-megapixel photo that
costs a sixth of decoding it whole for every size. Only pixels survive: no EXIF, GPS, comment, profile, or
anything that was hidden behind the picture.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from extracted.images.pictures.colour import to_srgb, widened
from extracted.images.pictures.decoder import opened
from extracted.images.pictures.inspection import inspect_file
from extracted.images.pictures.limits import Limits

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}

JPEG_QUALITY = 82
WEBP_QUALITY = 82


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """An encoded picture whose longer side is at most *size* pixels."""

    size: int
    width: int
    height: int
    extension: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as people see it (upright), and its renditions, largest first."""

    width: int
    height: int
    renditions: tuple[Rendition, ...]


def make_renditions(
    path: Path,
    *,
    sizes: Sequence[int],
    limits: Limits,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Picture:
    """Return the picture at *path* in every size, never enlarged: JPEG, or WebP if anything shows through it.

    Pure apart from reading the file: the same bytes always give the same renditions.

    Args:
        path: the original; checked again here, since the door may have been another version of us.
        sizes: length of the longer side of each rendition, in pixels, in any order.
        limits: what the file may claim.
        progress: called with (renditions done, all) after each one.
    Raises: PictureError: the file is refused or damaged; trying again gives the same.
    """
    inspect_file(path, limits=limits)
    ordered = sorted(set(sizes), reverse=True)
    with opened(path) as source:
        full = source.size
        image = _decode(source, longest=ordered[0])
        orientation = source.getexif().get(_ORIENTATION, 1)
        profile = source.info.get("icc_profile")
        image = to_srgb(_shrunk(image, longest=ordered[0]), profile=profile)
    image = _upright(image, orientation)
    width, height = reversed(full) if orientation in _SIDEWAYS else full
    renditions = []
    for size in ordered:
        image = _shrunk(image, longest=size)
        renditions.append(_encode(image, size=size))
        progress(len(renditions), len(ordered))
    return Picture(width=width, height=height, renditions=tuple(renditions))


def _decode(source: Image.Image, *, longest: int) -> Image.Image:
    source.draft(None, _fitted(source.size, longest=longest))  # does nothing for formats that can't
    source.load()
    return widened(source)


def _shrunk(image: Image.Image, *, longest: int) -> Image.Image:
    size = _fitted(image.size, longest=longest)
    if size == image.size:
        return image
    # Bicubic as in Pillow's own thumbnail(): a Lanczos filter costs half as much again and nobody sees it in a JPEG.
    # The gap lets a much larger picture be averaged down by a whole factor first: ten times cheaper for a big PNG.
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _fitted(size: tuple[int, int], *, longest: int) -> tuple[int, int]:
    side = max(size)
    if side <= longest:
        return size
    return max(1, round(size[0] * longest / side)), max(1, round(size[1] * longest / side))


def _upright(image: Image.Image, orientation: object) -> Image.Image:
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _encode(image: Image.Image, *, size: int) -> Rendition:
    image.info = {}  # Pillow would carry comments and profiles over from here
    file = io.BytesIO()
    if image.mode == "RGBA":
        image.save(file, "WEBP", quality=WEBP_QUALITY, method=4)
    else:
        image.save(file, "JPEG", quality=JPEG_QUALITY)
    extension = "webp" if image.mode == "RGBA" else "jpg"
    return Rendition(
        size=size, width=image.width, height=image.height, extension=extension, content=file.getvalue()
    )
