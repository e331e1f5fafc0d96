"""Makes the smaller pictures of a photo, in the simplest way.

Every size is computed from the full picture, while the customer waits. It is slow; the image service does better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps

from monolith.photos.inspection import NotAPhotoError
from monolith.photos.models import RENDITION_SIZES

QUALITY = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """A photo's size in pixels, upright, and a JPEG for each rendition size."""

    width: int
    height: int
    by_size: Mapping[int, bytes]


def render(upload: UploadedFile) -> Pictures:
    """Decode *upload* and make all its renditions; never enlarges.

    Raises:
        NotAPhotoError: the picture is cut off or damaged.
    """
    try:
        with Image.open(upload) as image:
            upright = _on_white(ImageOps.exif_transpose(image))
            upright.info.clear()  # Pillow would copy a comment into every rendition
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise NotAPhotoError("The picture is cut off or damaged.") from error
    finally:
        upload.seek(0)
    by_size = {size: _jpeg(upright, longest=size) for size in RENDITION_SIZES}
    return Pictures(width=upright.width, height=upright.height, by_size=by_size)


def _on_white(image: Image.Image) -> Image.Image:
    """Return *image* in RGB; what was transparent becomes paper."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _jpeg(image: Image.Image, *, longest: int) -> bytes:
    scale = min(1.0, longest / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    out = BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
