"""Decides from the first bytes of an upload whether it is a photo that we print.

Nothing here decodes pixels: a header may claim 64,250 × 64,250 of them in a file of 5 kB.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from PIL import Image, UnidentifiedImageError

OPENERS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "GIF": ".gif", "TIFF": ".tif"}
"""How the files end on our disk; MPO is a JPEG of a phone with a second picture inside."""

_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class NotAPhotoError(Exception):
    """The upload can't be printed; the text says why, for the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a photo says of itself before it is decoded."""

    suffix: str
    width: int
    height: int


def inspect(upload: UploadedFile) -> Header:
    """Return the header of *upload*, which is rewound.

    Raises:
        NotAPhotoError: empty, too big, no image of a kind we print, too many pixels or frames.
    """
    if not upload.size:
        raise NotAPhotoError("The file is empty.")
    if upload.size > settings.PHOTO_MAX_BYTES:
        raise NotAPhotoError(f"The file is larger than {filesizeformat(settings.PHOTO_MAX_BYTES)}.")
    upload.seek(0)
    try:
        with Image.open(upload, formats=OPENERS) as image:
            return _checked(image)
    except _BOMBS as error:
        raise NotAPhotoError(_too_many_pixels()) from error
    except UnidentifiedImageError as error:
        raise NotAPhotoError("This is not a photo. We print JPEG, PNG, WebP, TIFF and GIF files.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise NotAPhotoError("The file is damaged and can't be read.") from error
    finally:
        upload.seek(0)


def _checked(image: Image.Image) -> Header:
    width, height = image.size
    if width * height > settings.PHOTO_MAX_PIXELS:
        raise NotAPhotoError(_too_many_pixels())
    frames = getattr(image, "n_frames", 1)
    if frames > settings.PHOTO_MAX_FRAMES:
        raise NotAPhotoError(
            f"This is an animation of {frames:,} pictures; we print at most the first of a few."
        )
    return Header(suffix=SUFFIXES[image.format or ""], width=width, height=height)


def _too_many_pixels() -> str:
    return f"The picture has more than {settings.PHOTO_MAX_PIXELS // 1_000_000} megapixels."
