"""Real files made on the spot: pictures of every kind a phone or a program writes, and hostile ones."""

import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image, ImageCms

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (240, 240, 240)
ORIENTATION, GPS = 0x0112, 0x8825
SHAPES = {  # EXIF orientation → how the upright picture must be turned to be stored so
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(width=400, height=240, mode="RGB"):
    """Return a picture with red, green, blue and white quarters: red is where the upright picture begins."""
    image = Image.new("RGB", (width, height), WHITE)
    x, y = width // 2, height // 2
    image.paste(RED, (0, 0, x, y))
    image.paste(GREEN, (x, 0, width, y))
    image.paste(BLUE, (0, y, x, height))
    return image.convert(mode)


def detailed(width=1600, height=1200):
    """Return a picture with detail of every size, as a photograph has."""
    image = Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 60)
    return Image.merge(
        "RGB", (image, image.transpose(Image.Transpose.ROTATE_180), image.point(lambda v: 255 - v))
    )


def encoded(image, kind="JPEG", **options):
    """Return *image* as a file's bytes."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(orientation, kind):
    """Return quarters stored as a camera held that way stores them."""
    turn = SHAPES[orientation]
    image = quarters() if turn is None else quarters().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return encoded(image, kind, exif=exif)


def with_secrets():
    """Return a JPEG that says where, when, and by whom it was taken, in every place for that."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET place</x:xmpmeta>"
    return encoded(quarters(), exif=exif, comment=b"SECRET comment", icc_profile=profile, xmp=xmp)


def swapped_profile():
    """Return a colour profile in which red means green: sRGB with two of its primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"tmp1", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmp1", b"gXYZ", 1)
    return swapped.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


def jpeg_claiming(width, height):
    """Return a small JPEG whose header claims another size."""
    data = bytearray(encoded(Image.new("L", (8, 8))))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_claiming(width, height):
    """Return a PNG header of any size, with almost no data."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"")) + png_chunk(b"IEND", b"")


def png_with(chunk, *, before=b"IDAT"):
    """Return a good PNG with one more chunk in it."""
    data = encoded(quarters(), "PNG")
    position = data.index(before) - 4
    return data[:position] + chunk + data[position:]


@cache
def text_bomb():
    """Return a compressed PNG text chunk that unpacks to 100 MB."""
    return png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000), 1))


def gif_with_frames(count):
    """Return a GIF of *count* frames of one pixel."""
    data = encoded(Image.new("P", (1, 1)), "GIF")
    start = data.index(b",", 13)
    return data[:start] + data[start:-1] * count + b";"


def webp_claiming(width, height):
    """Return the beginning of a WebP whose canvas is of any size, with one frame that is not."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_whose_pages_never_end():
    """Return a TIFF whose second page is its first one again."""
    data = bytearray(encoded(quarters(), "TIFF"))
    (page,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, page)
    struct.pack_into("<I", data, page + 2 + 12 * entries, page)
    return bytes(data)


def damaged_png():
    """Return a PNG with a whole skeleton and rubbish in the middle of its pixels."""
    content = bytearray(encoded(detailed(320, 240), "PNG"))
    middle = len(content) // 2
    content[middle : middle + 64] = b"\0" * 64
    return bytes(content)
