"""Look at finished pictures as a person would: all sizes there, the right way up, nothing of the camera left."""

import io
from collections.abc import Iterable

from PIL import Image, ImageChops, ImageStat

from monolith.journey.pages import Shown
from monolith.journey.pictures import Photograph
from monolith.journey.visitor import Visitor

SIZES = (160, 640, 1280)
TOLERATED_DIFFERENCE = (
    12  # of 255, averaged over a small picture: quality and filters differ, content must not
)
SMALL = (32, 32)
OPAQUE = 250


def problems_of(visitor: Visitor, photos: Iterable[Photograph], shown: Iterable[Shown]) -> list[str]:
    """Fetch and decode every picture of *photos* in the gallery, and name what is wrong."""
    by_title = {each.title: each for each in shown}
    problems = []
    for photo in photos:
        if photo.title in by_title:
            problems += _problems_of_photo(visitor, photo, by_title[photo.title])
        else:
            problems.append(f"{photo.title} is not in the gallery")
    return problems


def _problems_of_photo(visitor: Visitor, photo: Photograph, shown: Shown) -> list[str]:
    sizes, problems = [], []
    for address in shown.pictures:
        with Image.open(io.BytesIO(visitor.fetch(address))) as picture:
            picture.load()
            sizes.append(max(picture.size))
            problems += [
                f"{photo.title}, {address}: {problem}" for problem in _problems_of_picture(picture, photo)
            ]
    expected = sorted(min(size, max(photo.size)) for size in SIZES)
    if sorted(sizes) != expected:
        problems.append(f"{photo.title} has pictures of {sorted(sizes)} pixels instead of {expected}")
    return problems


def _problems_of_picture(picture: Image.Image, photo: Photograph) -> list[str]:
    problems = []
    if dict(picture.getexif()):
        problems.append("has EXIF data")
    scale = max(picture.size) / max(photo.size)
    if any(abs(side - full * scale) > 1 for side, full in zip(picture.size, photo.size, strict=True)):
        problems.append(f"is {picture.size} although the photo is {photo.size}")
    elif difference(picture, photo) > TOLERATED_DIFFERENCE:
        problems.append(
            f"shows something else, or it the wrong way up (difference {difference(picture, photo):.0f})"
        )
    return problems


def difference(picture: Image.Image, photo: Photograph) -> float:
    """Return how much *picture* differs from *photo* where that is opaque: the mean over channels, 0 to 255."""
    wanted = photo.upright(longest=SIZES[0]).resize(SMALL)
    mask = wanted.getchannel("A").point(lambda value: 255 if value > OPAQUE else 0)
    actual = picture.convert("RGB").resize(SMALL)
    statistics = ImageStat.Stat(ImageChops.difference(wanted.convert("RGB"), actual), mask)
    return sum(statistics.mean) / len(statistics.mean)
