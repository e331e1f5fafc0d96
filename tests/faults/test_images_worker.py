"""Workers are killed in the middle of a photo, by us and by the photo itself."""

import sqlite3
from functools import cache

import psutil
import pytest
from PIL import Image

from tests.integration.images.stack import jpeg, service, wait_until
from tests.unit.images.samples import encoded

MANY_SIZES = ",".join(map(str, range(3_500, 2_000, -100)))
"""So many renditions take a worker seconds: even on a busy machine it is killed before it is done."""


@pytest.fixture
def images(valkey_url, tmp_path):
    """Run a service whose worker the test starts itself."""
    with service(tmp_path, broker=valkey_url, IMAGES_SIZES=MANY_SIZES) as running:
        running.start_web()
        yield running


def row(images, upload):
    """Return state and attempts of the only photo of *upload*."""
    with sqlite3.connect(images.folder / "images.sqlite3") as database:
        query = "SELECT state, attempts FROM images_photo WHERE upload_id = ?"
        found = database.execute(query, [upload["id"].replace("-", "")]).fetchone()
    database.close()
    return found


def pool_processes(images):
    return psutil.Process(images.processes["worker"].pid).children(recursive=True)


def kill_whoever_works(images, upload):
    """Kill the worker's child as soon as it has taken the photo; returns whether it was in time."""
    wait_until(lambda: row(images, upload)[0] != "queued", what="somebody takes the photo")
    for child in pool_processes(images):
        child.kill()
    return row(images, upload)[0] == "processing"


@cache
def slow_photo():
    """Return a photo that is sent in no time and takes a worker seconds: many pixels, all alike."""
    return encoded(Image.new("RGB", (9000, 8000), (90, 120, 60)), "PNG", compress_level=1)


def test_a_photo_survives_the_death_of_its_worker_process(images):
    images.start_worker("--without-mingle", "--without-gossip")
    upload = images.upload(slow_photo()).json()
    assert kill_whoever_works(images, upload)
    images.start_beat()
    images.wait_for(upload, "ready")
    assert row(images, upload) == ("published", 2)


def test_a_photo_survives_the_death_of_the_whole_worker(images, valkey_url):
    images.start_worker("--without-mingle", "--without-gossip")
    upload = images.upload(slow_photo()).json()
    wait_until(lambda: row(images, upload)[0] == "processing", what="somebody takes the photo")
    images.kill("worker")
    assert row(images, upload)[0] == "processing"
    expire_lease(images)
    images.start_worker("--without-mingle", "--without-gossip")
    images.start_beat()
    images.wait_for(upload, "ready")
    assert row(images, upload) == ("published", 2)


def expire_lease(images):
    """Let the time pass that a lease takes."""
    with sqlite3.connect(images.folder / "images.sqlite3") as database:
        database.execute("UPDATE images_photo SET leased_until = '2020-01-01', due_at = '2020-01-01'")
    database.close()


def test_a_photo_that_kills_every_worker_is_given_up_and_others_are_still_made(images):
    images.start_worker("--without-mingle", "--without-gossip")
    poison = images.upload(slow_photo()).json()
    for attempt in (1, 2, 3):
        wait_until(
            lambda attempt=attempt: row(images, poison) == ("processing", attempt), what=f"attempt {attempt}"
        )
        for child in pool_processes(images):
            child.kill()
    done = images.wait_for(poison, "failed")
    assert done["photos"][0]["reason"].startswith("given up after 3 attempts: the worker was lost")
    images.wait_for(images.upload(jpeg()).json(), "ready")


def test_a_photo_that_needs_too_much_memory_fails_and_the_worker_lives(images):
    images.environment["IMAGES_MEMORY_BYTES"] = str(100_000_000)
    images.start_worker("--without-mingle", "--without-gossip")
    done = images.wait_for(images.upload(slow_photo()).json(), "failed")
    assert "more memory" in done["photos"][0]["reason"]
    children = pool_processes(images)
    images.wait_for(images.upload(jpeg()).json(), "ready")
    assert pool_processes(images) == children
