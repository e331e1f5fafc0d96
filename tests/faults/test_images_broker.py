"""The broker freezes, dies, or forgets everything: answers stay quick and no photo is lost."""

import time

import pytest

from tests.integration.images.stack import jpeg, service
from tests.servers.processes import Valkey


@pytest.fixture
def broker():
    with Valkey() as broker:
        yield broker


@pytest.fixture
def images(broker, tmp_path):
    with service(tmp_path, broker=broker.url) as running:
        running.start_web()
        running.start_worker("--without-mingle", "--without-gossip")
        running.start_beat()
        yield running


def timed_upload(images, seed):
    started = time.monotonic()
    answer = images.upload(jpeg(seed=seed))
    assert answer.status_code == 202
    return answer.json(), time.monotonic() - started


def test_nobody_waits_for_a_frozen_broker_and_its_photos_are_made_when_it_goes_on(images, broker):
    first, _ = timed_upload(images, 1)
    images.wait_for(first, "ready")
    broker.freeze()
    uploads = [timed_upload(images, seed) for seed in range(2, 6)]
    broker.thaw()
    assert max(seconds for _, seconds in uploads) < 3
    assert sum(seconds > 0.8 for _, seconds in uploads) <= 1  # only the first one tried
    for upload, _ in uploads:
        images.wait_for(upload, "ready")


def test_a_broker_that_dies_and_forgets_everything_costs_only_time(images, broker):
    images.processes["worker"].send_signal(19)
    waiting, _ = timed_upload(images, 1)
    broker.kill()
    during, seconds = timed_upload(images, 2)
    assert seconds < 3
    images.processes["worker"].send_signal(18)
    broker.restart()
    for upload in (waiting, during):
        images.wait_for(upload, "ready")
    assert len({entry["id"] for entry in images.shop.adopted}) == 2
