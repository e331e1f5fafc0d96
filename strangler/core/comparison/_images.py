"""Pictures by their pixels: the same picture, encoded again, is the same; another, shifted or blurred one is not."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from strangler.core.comparison._extras import library
from strangler.core.comparison._html import UnreadableError
from strangler.core.comparison.difference import Kind

if TYPE_CHECKING:
    from strangler.core.comparison._context import Context
    from strangler.core.comparison._places import Path

_MAX_PIXELS = 40_000_000
_GRID = 64
_SIDE = 1_024

MAX_DISTANCE = 3.0
"""Root mean square of the difference of colours, 0 to 255, that encoding again may make."""

MAX_SPOT = 24.0
"""Difference of one of 64 × 64 spots that encoding again may make."""

MAX_SHARPNESS = 1.45
"""How many times sharper one side may be; stronger compression softens, blur softens far more."""

_FLAT = 0.8


def compare_images(context: Context, path: Path, control: bytes, candidate: bytes) -> None:
    """Compare two pictures: frames, size, colours, spots, sharpness.

    Raises: UnreadableError: one of them is none, or has more than 40 million pixels.
    """
    one, two = _decode(control), _decode(candidate)
    frames = tuple(getattr(image, "n_frames", 1) for image in (one, two))
    if frames[0] != frames[1]:
        context.add(Kind.LENGTH, (*path, "frames"), *frames)
    one, two = _upright(one), _upright(two)
    if one.size != two.size:
        context.add(Kind.SIZE, path, *("×".join(map(str, image.size)) for image in (one, two)))
        return
    distance, spot = _distances(one, two)
    if distance > MAX_DISTANCE or spot > MAX_SPOT:
        context.add(Kind.PIXELS, path, 0.0, round(max(distance, spot / 10), 1))
        return
    _compare_sharpness(context, path, one, two)


def _decode(body: bytes) -> Any:
    pillow = library("PIL.Image", package="Pillow")
    try:
        with warnings.catch_warnings(action="ignore"):
            image = pillow.open(io.BytesIO(body))
            if image.width * image.height <= _MAX_PIXELS:
                image.load()
                return image
    except Exception as error:  # noqa: BLE001 - decoders raise whatever a broken picture makes them raise
        raise UnreadableError(f"{type(error).__name__}: {error}"[:200]) from None
    raise UnreadableError("too many pixels")


def _upright(image: Any) -> Any:
    """Return a picture as it is shown: turned as it says, with colours and opacity, at most 1,024 pixels wide or high."""
    try:
        turned = library("PIL.ImageOps", package="Pillow").exif_transpose(image)
    except Exception:  # noqa: BLE001 - a broken tag is no reason to leave the pixels uncompared
        turned = image
    return turned.convert("RGBA")


def _distances(control: Any, candidate: Any) -> tuple[float, float]:
    chops, stat = library("PIL.ImageChops", package="Pillow"), library("PIL.ImageStat", package="Pillow")
    pillow = library("PIL.Image", package="Pillow")
    one, two = (_small(image) for image in (control, candidate))
    spots = chops.difference(*(image.resize((_GRID, _GRID), pillow.Resampling.BOX) for image in (one, two)))
    return max(stat.Stat(chops.difference(_soft(one), _soft(two))).rms), float(
        max(high for _, high in spots.getextrema())
    )


def _small(image: Any) -> Any:
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE))
    return small


def _soft(image: Any) -> Any:
    """Return a picture without its finest detail, where encoders differ most."""
    return image.filter(library("PIL.ImageFilter", package="Pillow").BoxBlur(2))


def _compare_sharpness(context: Context, path: Path, control: Any, candidate: Any) -> None:
    one, two = (_sharpness(image) for image in (control, candidate))
    if max(one, two) > _FLAT and max(one, two) > MAX_SHARPNESS * min(one, two):
        context.add(Kind.SHARPNESS, path, round(one, 2), round(two, 2))


def _sharpness(image: Any) -> float:
    """Return how much a picture loses when it is blurred by a pixel."""
    chops, stat = library("PIL.ImageChops", package="Pillow"), library("PIL.ImageStat", package="Pillow")
    grey = image.convert("L")
    width, height = grey.size
    left, top = max(0, (width - _SIDE) // 2), max(0, (height - _SIDE) // 2)
    middle = grey.crop((left, top, min(width, left + _SIDE), min(height, top + _SIDE)))
    blurred = middle.filter(library("PIL.ImageFilter", package="Pillow").GaussianBlur(1))
    return float(stat.Stat(chops.difference(middle, blurred)).mean[0])
