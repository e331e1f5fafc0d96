"""How much of anything one file may have."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one file, checked on its header before any pixel is decoded.

    80 megapixels stay below Pillow's own warning (89) and keep the largest decode (8-bit RGBA) at 320 MB.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 80_000_000
    max_frames: int = 50
