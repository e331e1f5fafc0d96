"""Photos of the seeded customers: many rows that share a few files."""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, islice
from random import Random

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import timezone

from monolith.photos.models import Photo
from monolith.seed.pictures import Scene, paint, titles
from monolith.seed.progress import Advance

FOLDER = "seed"
BATCH = 2_000
SMALLEST_ALBUM = 5
YEARS = timedelta(days=2 * 365)
JPEG_START = 2


@dataclass(frozen=True, slots=True)
class _File:
    """An original on the disk, with its scene's renditions."""

    name: str
    checksum: str
    bytes: int
    scene: Scene
    renditions: dict[str, str]


def seeded_photos() -> QuerySet[Photo]:
    """Return the photos that the seed made."""
    return Photo.objects.filter(original__startswith=f"{FOLDER}/")


def seed_photos(number: int, *, owners: array, random: Random, advance: Advance) -> None:
    """Make *number* photos, in albums of different sizes, for *owners* from the first on."""
    usual = max(SMALLEST_ALBUM, -(-number // len(owners)))
    rows = _rows(number, owners=owners, largest_album=2 * usual, random=random)
    while batch := list(islice(rows, BATCH)):
        Photo.objects.bulk_create(batch)
        advance(len(batch))


def _rows(number: int, *, owners: array, largest_album: int, random: Random) -> Iterator[Photo]:
    """Yield the rows; each round through the owners has files of its own, so nobody has the same one twice."""
    now = timezone.now()
    made = 0
    for run in count(_next_run()):
        files = _write_files(max(largest_album, len(titles())), run=f"{run:04d}", random=random)
        for owner in owners:
            size = min(random.randint(1, largest_album), number - made)
            begin = random.randrange(len(files))
            for index in range(begin, begin + size):
                yield _photo(files[index % len(files)], owner=owner, now=now, random=random)
            made += size
            if made == number:
                return


def _photo(file: _File, *, owner: int, now: datetime, random: Random) -> Photo:
    return Photo(
        owner_id=owner,
        title=file.scene.title,
        filename=f"IMG_{random.randint(1, 9999):04d}.jpg",
        original=file.name,
        renditions=file.renditions,
        checksum=file.checksum,
        width=file.scene.width,
        height=file.scene.height,
        bytes=file.bytes,
        uploaded_at=now - YEARS * random.random() ** 2,
    )


def _write_files(number: int, *, run: str, random: Random) -> list[_File]:
    """Write *number* different originals; those of the same scene differ by a comment and share renditions."""
    scenes = [paint(each, random=random) for each in range(min(number, len(titles())))]
    renditions = [_write_renditions(scene, folder=f"{run}/{each:03d}") for each, scene in enumerate(scenes)]
    files = []
    for each in range(number):
        kind = each % len(scenes)
        content = _commented(scenes[kind].original, f"{FOLDER} {run}/{each}")
        name = _write(f"{FOLDER}/originals/{run}/{each:06d}.jpg", content)
        checksum = hashlib.sha256(content).hexdigest()
        files.append(_File(name, checksum, len(content), scenes[kind], renditions[kind]))
    return files


def _next_run() -> int:
    """Return the number of a folder that no photo uses yet."""
    last = seeded_photos().order_by("-original").values_list("original", flat=True).first()
    return int(last.split("/")[2]) + 1 if last else 1


def _write_renditions(scene: Scene, *, folder: str) -> dict[str, str]:
    return {
        str(size): _write(f"{FOLDER}/renditions/{folder}-{size}.jpg", content)
        for size, content in scene.renditions.items()
    }


def _write(name: str, content: bytes) -> str:
    default_storage.delete(name)  # of a database that is gone
    return default_storage.save(name, ContentFile(content))


def _commented(jpeg: bytes, comment: str) -> bytes:
    """Return *jpeg* with a comment segment after its first marker."""
    text = comment.encode()
    segment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
    return jpeg[:JPEG_START] + segment + jpeg[JPEG_START:]
