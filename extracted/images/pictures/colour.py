"""Bring any picture into one of three modes that browsers show alike: L, RGB or RGBA, in sRGB."""

import io

from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_OPAQUE = 255


def widened(image: Image.Image) -> Image.Image:
    """Return *image* in a mode that can be resized without harm: L, RGB, RGBA or CMYK.

    A palette cannot be interpolated, 16-bit grey cannot be shown, and transparency by colour key would be lost.
    """
    if image.mode.startswith("I"):
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        # Converting to its own mode would copy a picture that may be hundreds of megabytes.
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def to_srgb(image: Image.Image, *, profile: bytes | None) -> Image.Image:
    """Return *image* as L, RGB or RGBA with sRGB colours, without an alpha channel that hides nothing.

    A profile that is broken, or made for another kind of picture, is ignored as browsers ignore it.
    """
    grey = image.mode == "L"
    if profile and not _is_srgb(profile):
        image = _converted(image, profile)
    if grey:
        return image.convert("L")
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (_OPAQUE, _OPAQUE):
        return image
    return image if image.mode == "RGB" else image.convert("RGB")


def _is_srgb(profile: bytes) -> bool:
    # The description tag is text in the profile, one byte or two per letter; parsing it costs ten times as much.
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
