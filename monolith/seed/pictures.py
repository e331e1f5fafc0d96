"""Paints landscapes: real JPEG files that may be shown to anybody."""

import math
from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from monolith.photos.models import RENDITION_SIZES

LONG, SHORT = 1500, 1000

# Top of the sky, horizon, sun, nearest hill.
MOODS = {
    "Morning": ("#7fa8c9", "#f6e3c5", "#fff7e0", "#2f4a3c"),
    "Evening": ("#3b4a7a", "#f29b6b", "#ffe2b0", "#2b2233"),
    "Midday": ("#4f93c7", "#d8ecf2", "#ffffff", "#3d6b3f"),
    "Night": ("#0d1430", "#3a4675", "#f4efd8", "#070b18"),
    "Mist": ("#a9b4b8", "#e9e6df", "#f8f5ee", "#4d5a5a"),
    "Autumn": ("#8db3c0", "#f3d9a4", "#fff0cf", "#6b3a1d"),
}
PLACES = ("over the moor", "by the lake", "in the hills", "at the coast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A painted photo: what it shows, the original, and a JPEG for each rendition size."""

    title: str
    width: int
    height: int
    original: bytes
    renditions: dict[int, bytes]


def titles() -> list[str]:
    """Return the title of every scene there is."""
    return [f"{mood} {place}" for place in PLACES for mood in MOODS]


def paint(number: int, *, random: Random) -> Scene:
    """Paint scene *number*, counted from 0; every third one is upright."""
    title = titles()[number % len(titles())]
    size = (SHORT, LONG) if number % 3 == 2 else (LONG, SHORT)  # noqa: PLR2004 - the third of three
    image = _landscape(size, MOODS[title.split(" ", 1)[0]], random=random)
    renditions = {}
    for longest in RENDITION_SIZES:
        smaller = image.copy()
        smaller.thumbnail((longest, longest))
        renditions[longest] = jpeg(smaller)
    return Scene(title=title, width=size[0], height=size[1], original=jpeg(image), renditions=renditions)


def jpeg(image: Image.Image) -> bytes:
    """Return *image* as a JPEG file."""
    out = BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _landscape(size: tuple[int, int], colours: tuple[str, ...], *, random: Random) -> Image.Image:
    top, horizon, sun, near = colours
    width, height = size
    image = Image.composite(
        Image.new("RGB", size, horizon), Image.new("RGB", size, top), Image.linear_gradient("L").resize(size)
    )
    _paint_sun(image, sun, random=random)
    hills = random.randint(4, 6)
    for hill in range(hills):
        share = (hill + 1) / hills
        ridge = _ridge(width, height * (0.45 + 0.4 * share), height * 0.09 * (1.3 - share), random=random)
        colour = Image.blend(Image.new("RGB", (1, 1), horizon), Image.new("RGB", (1, 1), near), share)
        polygon = [*ridge, (width, height), (0, height)]
        ImageDraw.Draw(image).polygon(polygon, fill=colour.getpixel((0, 0)))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _paint_sun(image: Image.Image, colour: str, *, random: Random) -> None:
    width, height = image.size
    radius = min(image.size) * random.uniform(0.04, 0.1)
    x, y = width * random.uniform(0.2, 0.8), height * random.uniform(0.15, 0.4)
    glow = Image.new("L", image.size, 0)
    for grow, strength in ((3, 40), (2, 70), (1, 255)):
        reach = radius * grow
        ImageDraw.Draw(glow).ellipse((x - reach, y - reach, x + reach, y + reach), fill=strength)
    image.paste(colour, mask=glow.filter(ImageFilter.BoxBlur(radius / 6)))


def _ridge(width: int, level: float, swing: float, *, random: Random) -> list[tuple[float, float]]:
    """Return the points of a hill's outline: three waves, added."""
    waves = [(random.uniform(0.8, 2) * 2**octave, random.uniform(0, 6), 0.6**octave) for octave in range(3)]
    return [
        (
            x,
            level
            + swing * sum(part * math.sin(speed * 6 * x / width + shift) for speed, shift, part in waves),
        )
        for x in range(0, width + 10, 10)
    ]
