"""Fifty people upload 12-megapixel photos at once: how long until each has an answer, and everybody else a page?

    python -m tests.bench.uploads [--rounds 3] [--uploads 50]

The peer is the same shop with the same processes and the seam at `legacy`, where the answer comes when the work is
done; ours is the seam at `live`. A round of ours ends when the last picture is in the gallery, so that the home page
is also measured while the workers are busy. Both are real gunicorns, started by `strangler up`.
"""

import argparse
import io
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import requests
from PIL import Image

from monolith.journey.pictures import FOLDER, Photograph
from monolith.journey.site import SEAM, Ports, Site, free_port
from monolith.journey.visitor import Answer, Visitor
from tests.bench._harness import compare, measure_alternating, percentile, report

PATIENCE = timedelta(minutes=10)
SIZE = (4240, 2832)  # 12.0 megapixels
FIRST_PORT = 24000
LOOK_EVERY_SECONDS = 0.25
LOOKERS = 2000  # more than ever wait at once: a look never delays the next one
PERCENT = 99


def main() -> int:
    """Measure and print `uploads.answer` and `uploads.page`; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--uploads", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-uploads-") as folder, _shop(Path(folder)) as shop:
        bench = Bench(shop, uploads=options.uploads)
        answers = measure_alternating(
            {"live": lambda: bench.measure("live"), "legacy": lambda: bench.measure("legacy")},
            rounds=options.rounds,
            warmups=0,
        )
    details = {"uploads": options.uploads, "finished": bench.finished}
    return report(
        compare(
            "uploads.answer", ours=answers["live"], peer=answers["legacy"], unit="s", goal=10, details=details
        ),
        compare("uploads.page", ours=bench.pages["live"], peer=bench.pages["legacy"], unit="s", goal=5),
    )


class Bench:
    """One customer with many browsers, and everybody else, who look at the home page at a constant rate."""

    def __init__(self, shop: Site, *, uploads: int) -> None:
        self.pages: dict[str, list[float]] = {"live": [], "legacy": []}
        self.finished = 0
        self._shop = shop
        self._photos = twelve_megapixel_photos(uploads)
        customer = Visitor(shop.url, name="bench", patience=PATIENCE)
        if not customer.register().is_done:
            raise SystemExit("The customer of the benchmark could not register.")
        customer.open_upload_form()
        self._customer = customer
        self._browsers: list[Visitor] = []
        self._round = 0

    def measure(self, stage: str) -> float:
        """Upload everything at once with the seam at *stage*; returns the 99th percentile of the answers' times."""
        self._shop.manage("strangler", "rollout", SEAM, stage, "--force", "--reason", "a measurement")
        self._round += 1
        # New ones each time: the server may be closing the kept connections of the last round just now.
        self._customer = self._customer.new_browser()
        self._browsers = [self._customer.new_browser() for _ in self._photos]
        photos = [photo.own_copy(f"{stage}-{self._round}") for photo in self._photos]
        with looks_at(self._shop.url + "/") as looks:
            answers = self._upload_at_once(photos)
            self._check(answers, photos)
        self.pages[stage].append(percentile(looks, percent=PERCENT))
        _tell(
            f"{stage}: answers p99 {percentile([a.seconds for a in answers], percent=PERCENT):.2f} s, "
            f"home page p99 {self.pages[stage][-1]:.3f} s of {len(looks)} looks"
        )
        return percentile([answer.seconds for answer in answers], percent=PERCENT)

    def _upload_at_once(self, photos: Sequence[Photograph]) -> list[Answer]:
        start = threading.Barrier(len(photos))

        def upload(browser: Visitor, photo: Photograph) -> Answer:
            start.wait()
            return browser.upload([photo], accept="application/json")

        with ThreadPoolExecutor(len(photos)) as pool:
            return list(pool.map(upload, self._browsers, photos))

    def _check(self, answers: Sequence[Answer], photos: Sequence[Photograph]) -> None:
        """Wait until all is finished; a figure without its work done would be worth nothing."""
        refused = [str(answer) for answer in answers if not answer.is_acknowledged]
        if refused:
            raise SystemExit(f"{len(refused)} uploads were not taken: {refused[0]}")
        for answer in answers:
            while answer.is_accepted and self._customer.upload_status(answer.location)["status"] != "ready":
                time.sleep(0.2)
        missing = {photo.title for photo in photos} - {shown.title for shown in self._customer.gallery()}
        if missing:
            raise SystemExit(f"{len(missing)} photos are not in the gallery, such as {missing.pop()}.")
        self.finished += len(photos)


@contextmanager
def looks_at(url: str) -> Iterator[list[float]]:
    """Fetch *url* at a constant rate, however long each answer takes; yields the list of times in seconds.

    At a constant rate because somebody who waits for one answer before asking again hardly notices a bad minute.
    """
    times: list[float] = []
    stop = threading.Event()

    def look() -> None:
        started = time.perf_counter()
        response = requests.get(url, timeout=PATIENCE.total_seconds())
        response.raise_for_status()
        times.append(time.perf_counter() - started)

    with ThreadPoolExecutor(LOOKERS) as pool:
        looks = []

        def look_around() -> None:
            while not stop.wait(LOOK_EVERY_SECONDS):
                looks.append(pool.submit(look))

        thread = threading.Thread(target=look_around)
        thread.start()
        try:
            yield times
        finally:
            stop.set()
            thread.join()
    for each in looks:
        each.result()  # a home page that failed is an error, not a fast answer


def twelve_megapixel_photos(count: int) -> list[Photograph]:
    """Return *count* different views of one real photograph, each a JPEG of 12 megapixels."""
    with Image.open(FOLDER / "dandelions.jpg") as image:
        image.load()
    room = [full - side for full, side in zip(image.size, SIZE, strict=True)]
    photos = []
    for number in range(count):
        left, top = (space * number // count for space in room)
        out = io.BytesIO()
        image.crop((left, top, left + SIZE[0], top + SIZE[1])).save(out, "JPEG", quality=90)
        photos.append(Photograph(f"view-{number}.jpg", out.getvalue()))
    return photos


@contextmanager
def _shop(state: Path) -> Iterator[Site]:
    first = free_port(FIRST_PORT)
    ports = Ports(
        monolith=first,
        images=free_port(first + 1),
        email=free_port(first + 200),
        accounts=free_port(first + 300),
        reporting=free_port(first + 350),
        catalog=free_port(first + 400),
        valkey=free_port(first + 500),
        smtp=free_port(first + 1000),
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "monolith.settings.local",
        "DATABASE_URL": f"sqlite:///{state / 'monolith.sqlite3'}",
        "IMAGES_DATABASE_URL": f"sqlite:///{state / 'images.sqlite3'}",
        "EMAIL_DATABASE_URL": f"sqlite:///{state / 'email.sqlite3'}",
        "ACCOUNTS_DATABASE_URL": f"sqlite:///{state / 'accounts.sqlite3'}",
        "DEBUG": "False",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "STRANGLER_SIGNING_KEYS": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
    }
    site = Site(state=state, ports=ports, environ=environ)
    site.manage("migrate", "--noinput")
    site.manage("seed", "--users", "50", "--orders", "50", "--photos", "50", "--force")
    with site.running():
        yield site


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
