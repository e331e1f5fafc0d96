"""What renditions cost: `python -m tests.bench.images` prints `images.sorl`, `images.pyvips` and `images.memory`.

One photograph of 12 megapixels, stored as cameras and phones store them (baseline, quality 93), becomes JPEGs of 1280, 640 and 160 pixels at the same quality, written to files.
Ours is the whole job of a worker: check, decode, three renditions, checksums, synced and renamed files.

sorl-thumbnail is used as its users do: `get_thumbnail` for each size from the original. Its quality is set to ours
and its progressive JPEGs are turned off, which helps it; what its defaults cost stands beside the figure.
pyvips gets its best plain use: one thread, `thumbnail` from the file (which shrinks on load), then the smaller sizes
from the larger one; three separate `thumbnail` calls stand beside the figure.

A progressive JPEG, as picture editors write it, makes every decoder keep all its coefficients (36 MiB at 12
megapixels), whatever it decodes them for: its memory stands beside the figure.
"""

import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

os.environ["VIPS_CONCURRENCY"] = "1"  # before libvips is loaded

import django
import pyvips
from django.conf import settings
from django.core.management import call_command
from PIL import Image

from extracted.images.pictures import Limits, make_renditions
from extracted.images.storage import RENDITIONS, Store
from tests.bench._harness import (
    ROOT,
    Figure,
    compare,
    cpu_milliseconds,
    measure_alternating,
    peak_rss_mib,
    report,
    resident_mib,
    run_child,
)

PROGRESSIVE = ROOT / "monolith" / "journey" / "photos" / "sunset.jpg"
SIZES = (1280, 640, 160)
QUALITY = 82
ROUNDS = 9
MEMORY_ROUNDS = 3


def main() -> int:
    """Measure and print; returns 1 if a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="bench-images-") as folder:
        photo = Path(folder) / "photo.jpg"
        Image.open(PROGRESSIVE).save(photo, "JPEG", quality=93, subsampling=2)
        return report(*_cpu_figures(photo), _memory_figure(photo))


def _cpu_figures(photo: Path) -> list[Figure]:
    sides = {
        "ours": _ours(photo),
        "sorl": _sorl(photo, quality=QUALITY, progressive=False),
        "sorl_defaults": _sorl(photo),
        "vips_cascade": _vips_cascade(photo),
        "vips_each": _vips_each(photo),
    }
    jobs = {name: lambda work=work: cpu_milliseconds(work) for name, work in sides.items()}
    spent = measure_alternating(jobs, rounds=ROUNDS)
    middle = {name: round(statistics.median(values), 1) for name, values in spent.items()}
    return [
        compare(
            "images.sorl",
            ours=spent["ours"],
            peer=spent["sorl"],
            unit="ms CPU",
            goal=3,
            details={"peer_with_its_defaults": middle["sorl_defaults"]},
        ),
        compare(
            "images.pyvips",
            ours=spent["ours"],
            peer=spent["vips_cascade"],
            unit="ms CPU",
            goal=0.7,
            details={"peer_with_three_thumbnail_calls": middle["vips_each"]},
        ),
    ]


def _ours(photo: Path) -> Callable[[], object]:
    store = Store(photo.parent / "ours")

    def work() -> None:
        for made in make_renditions(photo, sizes=SIZES, limits=Limits()).renditions:
            store.save(made.content, folder=RENDITIONS, extension=made.extension)

    return work


def _sorl(photo: Path, **options: object) -> Callable[[], object]:
    media = photo.parent / "sorl"
    _set_up_sorl(media)
    from sorl.thumbnail import get_thumbnail  # noqa: PLC0415 - reads the settings when imported

    numbers = count()
    prefix = f"{len(options)}-{id(options)}"

    def work() -> None:
        # A name of its own each time, or sorl would find its earlier result; copying costs a millisecond.
        name = f"{prefix}-{next(numbers)}.jpg"
        shutil.copyfile(photo, media / name)
        for size in SIZES:
            get_thumbnail(name, f"{size}x{size}", upscale=False, **options)

    return work


def _set_up_sorl(media: Path) -> None:
    if settings.configured:
        return
    media.mkdir()
    settings.configure(
        INSTALLED_APPS=["sorl.thumbnail"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MEDIA_ROOT=media,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        THUMBNAIL_DEBUG=True,  # raise errors instead of measuring nothing
    )
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)


def _vips_cascade(photo: Path) -> Callable[[], object]:
    pyvips.cache_set_max(0)  # it would remember the result of the round before

    def work() -> None:
        image = pyvips.Image.thumbnail(str(photo), SIZES[0]).copy_memory()
        for size in SIZES:
            if image.width > size:
                image = image.thumbnail_image(size).copy_memory()
            image.jpegsave(str(photo.with_name(f"vips-{size}.jpg")), Q=QUALITY, keep="none")

    return work


def _vips_each(photo: Path) -> Callable[[], object]:
    def work() -> None:
        for size in SIZES:
            small = pyvips.Image.thumbnail(str(photo), size)
            small.jpegsave(str(photo.with_name(f"vips-each-{size}.jpg")), Q=QUALITY, keep="none")

    return work


def _memory_figure(photo: Path) -> Figure:
    def peak(side: str, of: Path) -> Callable[[], float]:
        return lambda: run_child(["-m", "tests.bench.images", side, str(of)])["mib"]

    sides = {
        "ours": peak("ours", photo),
        "naive": peak("naive", photo),
        "progressive": peak("ours", PROGRESSIVE),
    }
    peaks = measure_alternating(sides, rounds=MEMORY_ROUNDS, warmups=0)
    return compare(
        "images.memory",
        ours=peaks["ours"],
        peer=peaks["naive"],
        unit="MiB above idle",
        limit=60,
        details={"ours_with_a_progressive_jpeg": round(statistics.median(peaks["progressive"]), 1)},
    )


def _print_memory(side: str, photo: Path) -> int:
    """Do the job once in this process and print how far its memory rose above what it had before."""
    with tempfile.TemporaryDirectory(prefix="bench-images-") as folder:
        copy = Path(shutil.copy(photo, folder))
        work = _ours(copy) if side == "ours" else _naive(copy)
        idle = resident_mib()
        work()
        sys.stdout.write(f'{{"mib": {peak_rss_mib() - idle}}}\n')
    return 0


def _naive(photo: Path) -> Callable[[], object]:
    def work() -> None:
        with Image.open(photo) as image:
            for size in SIZES:
                small = image.convert("RGB").resize((size, round(size * image.height / image.width)))
                small.save(BytesIO(), "JPEG", quality=QUALITY)

    return work


if __name__ == "__main__":
    sys.exit(_print_memory(sys.argv[1], Path(sys.argv[2])) if sys.argv[1:] else main())
