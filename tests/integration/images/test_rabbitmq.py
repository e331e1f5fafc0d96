"""The same service with RabbitMQ as its broker."""

import time

import pytest

from tests.integration.images.stack import jpeg, service


@pytest.fixture
def images(rabbitmq_url, tmp_path):
    with service(tmp_path, broker=rabbitmq_url) as running:
        running.start_web()
        running.start_worker("--without-mingle", "--without-gossip")
        running.start_beat()
        yield running


def test_photos_go_through_a_quorum_queue_and_nobody_waits_when_it_freezes(images, rabbitmq):
    images.wait_for(images.upload(jpeg(seed=1)).json(), "ready")
    queues = dict(
        line.split("\t") for line in rabbitmq.control("-q", "list_queues", "name", "type").splitlines()[1:]
    )
    assert queues["images"] == "quorum"
    rabbitmq.freeze()
    try:
        started = time.monotonic()
        answer = images.upload(jpeg(seed=2))
        seconds = time.monotonic() - started
    finally:
        rabbitmq.thaw()
    assert answer.status_code == 202
    assert seconds < 4
    images.wait_for(answer.json(), "ready")
