"""Walk the skeleton of a picture file: size, frames, and whether its end is there. No pixel is decoded.

A decoder notices a missing end only when it gets there, in a worker, minutes later; the skeleton shows it at
the door. Each walker reads a few bytes per segment, so its cost does not depend on the pixels, and gives up
after `MAX_SEGMENTS`, so that millions of tiny segments cost nothing either.

Sources: ITU T.81 annex B (JPEG), W3C PNG §5, the GIF89a specification, RFC 9649 (WebP),
TIFF 6.0.
"""

import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from extracted.images.pictures.errors import BrokenPictureError, NotAPictureError, TruncatedPictureError

MAX_SEGMENTS = 500_000
MAX_PAGES = 20_000

_JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
_JPEG_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_PREFIX, _JPEG_END, _JPEG_SCAN = 0xFF, 0xD9, 0xDA
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_SHORT, _TIFF_INLINE = 256, 257, 2, 4
_TIFF_NUMBERS = {_TIFF_WIDTH, _TIFF_HEIGHT, 273, 279, 324, 325}
_TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself before decoding; *format* is Pillow's name of it."""

    format: str
    width: int
    height: int
    frames: int = 1

    @property
    def pixels(self) -> int:
        """Return the number of pixels of one frame."""
        return self.width * self.height


def read_header(data: mmap.mmap) -> Header:
    """Recognise the format by content and walk the file's skeleton to its end.

    Raises: NotAPictureError: none of the accepted formats. TruncatedPictureError: the end is missing.
        BrokenPictureError: the skeleton contradicts itself.
    """
    start = data[:12]
    for is_format, walk in _WALKERS:
        if is_format(start):
            return _walked(walk, data)
    raise NotAPictureError


def _walked(walk: Callable[[mmap.mmap], Header], data: mmap.mmap) -> Header:
    try:
        return walk(data)
    except (struct.error, IndexError):  # a read beyond the end
        raise TruncatedPictureError from None


def _walk_jpeg(data: mmap.mmap) -> Header:
    width = height = 0
    for marker, position in _jpeg_segments(data):
        if marker in _JPEG_FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, position + 3)
        elif marker == _JPEG_SCAN:
            # Within entropy-coded data FF is always followed by 00 or a restart marker, so this is the end itself
            # and not the end of a thumbnail, which would stand before the scan.
            if data.find(b"\xff\xd9", position) < 0:
                raise TruncatedPictureError
            return Header(format="JPEG", width=width, height=height)
        elif marker == _JPEG_END:
            raise BrokenPictureError("no image data")
    raise BrokenPictureError("too many segments")


def _jpeg_segments(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    position = 2
    for _ in range(MAX_SEGMENTS):
        prefix, marker = data[position], data[position + 1]
        if prefix != _JPEG_PREFIX:
            raise BrokenPictureError("a JPEG marker is missing")
        if marker == _JPEG_PREFIX:  # any number of them may stand before a marker
            position += 1
            continue
        position += 2
        yield marker, position
        if marker not in _JPEG_WITHOUT_LENGTH:
            position += struct.unpack_from(">H", data, position)[0]


def _walk_png(data: mmap.mmap) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    frames, has_pixels, position = 1, False, 8
    for _ in range(MAX_SEGMENTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + length + 12 > len(data):
            raise TruncatedPictureError
        if kind == b"IEND":
            if not has_pixels:
                raise BrokenPictureError("no image data")
            return Header(format="PNG", width=width, height=height, frames=frames)
        if kind == b"acTL":
            frames = max(1, struct.unpack_from(">I", data, position + 8)[0])
        has_pixels = has_pixels or kind == b"IDAT"
        position += length + 12
    raise BrokenPictureError("too many chunks")


def _walk_gif(data: mmap.mmap) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    frames, position = 0, 13 + _gif_palette(flags)
    for _ in range(MAX_SEGMENTS):
        introducer = data[position]
        if introducer == _GIF_END:
            if not frames:
                raise BrokenPictureError("no image data")
            return Header(format="GIF", width=width, height=height, frames=frames)
        if introducer == _GIF_IMAGE:
            frames += 1
            position += 11 + _gif_palette(data[position + 9])
        elif introducer == _GIF_EXTENSION:
            position += 2
        else:
            raise BrokenPictureError("an unknown GIF block")
        position = _after_gif_blocks(data, position)
    raise BrokenPictureError("too many blocks")


def _gif_palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_gif_blocks(data: mmap.mmap, position: int) -> int:
    for _ in range(MAX_SEGMENTS):
        length = data[position]
        position += length + 1
        if not length:
            return position
    raise BrokenPictureError("too many blocks")


def _walk_webp(data: mmap.mmap) -> Header:
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data):
        raise TruncatedPictureError
    width = height = frames = 0
    for kind, position in _webp_chunks(data, size + 8):
        if kind == b"ANMF":
            frames += 1
        elif not width and kind in _WEBP_SIZES:
            width, height = _WEBP_SIZES[kind](data, position)
    if not width:
        raise BrokenPictureError("no image data")
    return Header(format="WEBP", width=width, height=height, frames=max(1, frames))


def _webp_chunks(data: mmap.mmap, end: int) -> Iterator[tuple[bytes, int]]:
    position = 12
    for _ in range(MAX_SEGMENTS):
        if position >= end:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        yield kind, position + 8
        position += 8 + length + (length & 1)
    raise BrokenPictureError("too many chunks")


def _webp_extended(data: mmap.mmap, position: int) -> tuple[int, int]:
    width, height = data[position + 4 : position + 7], data[position + 7 : position + 10]
    return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1


def _webp_lossless(data: mmap.mmap, position: int) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", data, position + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _webp_lossy(data: mmap.mmap, position: int) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, position + 6)
    return width & 0x3FFF, height & 0x3FFF


def _walk_tiff(data: mmap.mmap) -> Header:
    order = "<" if data[:2] == b"II" else ">"
    (position,) = struct.unpack_from(f"{order}I", data, 4)
    width = height = frames = 0
    while position:
        if frames == MAX_PAGES:
            raise BrokenPictureError("too many pages")  # or a chain of pages that bites its own tail
        tags, position = _tiff_page(data, position, order)
        if not frames:
            width, height = tags.get(_TIFF_WIDTH, 0), tags.get(_TIFF_HEIGHT, 0)
        frames += 1
    if not width:
        raise BrokenPictureError("no image data")
    return Header(format="TIFF", width=width, height=height, frames=frames)


def _tiff_page(data: mmap.mmap, position: int, order: str) -> tuple[dict[int, int], int]:
    """Return tag → its (last) value of the page at *position*, and where the next page is."""
    (count,) = struct.unpack_from(f"{order}H", data, position)
    end = position + 2 + 12 * count
    tags = dict(_tiff_entry(data, entry, order) for entry in range(position + 2, end, 12))
    # Offset and length of the last strip or tile: what is written last is missing first.
    if max(tags.get(273, 0) + tags.get(279, 0), tags.get(324, 0) + tags.get(325, 0)) > len(data):
        raise TruncatedPictureError
    return tags, struct.unpack_from(f"{order}I", data, end)[0]


def _tiff_entry(data: mmap.mmap, entry: int, order: str) -> tuple[int, int]:
    tag, kind, number, offset = struct.unpack_from(f"{order}HHII", data, entry)
    size = _TIFF_BYTES.get(kind, 1)
    values = entry + 8 if number * size <= _TIFF_INLINE else offset
    if values + number * size > len(data):
        raise TruncatedPictureError
    if tag not in _TIFF_NUMBERS:
        return tag, 0
    return tag, struct.unpack_from(
        order + ("H" if size == _TIFF_SHORT else "I"), data, values + (number - 1) * size
    )[0]


_WEBP_SIZES: dict[bytes, Callable[[mmap.mmap, int], tuple[int, int]]] = {
    b"VP8X": _webp_extended,
    b"VP8L": _webp_lossless,
    b"VP8 ": _webp_lossy,
}

_WALKERS: tuple[tuple[Callable[[bytes], bool], Callable[[mmap.mmap], Header]], ...] = (
    (lambda start: start.startswith(b"\xff\xd8\xff"), _walk_jpeg),
    (lambda start: start.startswith(b"\x89PNG\r\n\x1a\n"), _walk_png),
    (lambda start: start.startswith((b"GIF87a", b"GIF89a")), _walk_gif),
    (lambda start: start.startswith((b"II*\0", b"MM\0*")), _walk_tiff),
    (lambda start: start.startswith(b"RIFF") and start[8:12] == b"WEBP", _walk_webp),
)
