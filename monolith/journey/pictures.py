"""The photographs that visitors upload; their authors and licences are in photos/SOURCES.md."""

import hashlib
import io
import mimetypes
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageOps

FOLDER = Path(__file__).parent / "photos"
PNG_HEADER_END = 33  # signature and IHDR; a text chunk may follow


@dataclass(frozen=True)
class Photograph:
    """A file as a visitor has it."""

    filename: str
    content: bytes

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the file, as hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def title(self) -> str:
        """What the gallery calls it: its file name in words."""
        return self.filename.rsplit(".", 1)[0].replace("-", " ")

    @property
    def mime_type(self) -> str:
        """What a browser says it is."""
        return mimetypes.guess_type(self.filename)[0] or "application/octet-stream"

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height as a person sees it, the right way up; nothing is decoded."""
        with Image.open(io.BytesIO(self.content)) as image:
            is_sideways = image.getexif().get(0x0112, 1) >= 5  # noqa: PLR2004 (5 to 8 swap the sides)
            return image.size[::-1] if is_sideways else image.size

    @property
    def megapixels(self) -> float:
        """Return its size in millions of pixels."""
        return self.size[0] * self.size[1] / 1_000_000

    def upright(self, *, longest: int) -> Image.Image:
        """Return it the right way up, with alpha, at most *longest* pixels long: what its renditions must show."""
        with Image.open(io.BytesIO(self.content)) as image:
            image.draft("RGB", (2 * longest, 2 * longest))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
        upright.thumbnail((longest, longest))
        return upright

    def own_copy(self, label: str) -> "Photograph":
        """Return the same picture as a file of its own: another name, another checksum, the same pixels."""
        path = Path(self.filename)
        return Photograph(
            f"{path.stem}-{label}{path.suffix}", _with_comment(self.content, f"copy {label}".encode())
        )


def album() -> list[Photograph]:
    """Return all photographs, by name."""
    files = sorted(path for path in FOLDER.iterdir() if path.suffix in {".jpg", ".png"})
    return [Photograph(path.name, path.read_bytes()) for path in files]


def _with_comment(content: bytes, text: bytes) -> bytes:
    """Add a comment to a JPEG or PNG file."""
    if content.startswith(b"\xff\xd8"):
        position = 2
        while content[position + 1] & 0xF0 == 0xE0:  # behind the APPn segments, where comments usually are  # noqa: PLR2004
            position += 2 + int.from_bytes(content[position + 2 : position + 4])
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text
        return content[:position] + comment + content[position:]
    body = b"tEXtComment\0" + text
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    return content[:PNG_HEADER_END] + chunk + content[PNG_HEADER_END:]
