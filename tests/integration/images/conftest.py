"""A running image service for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.integration.images.stack import Service, service


@pytest.fixture(scope="module")
def images(valkey, tmp_path_factory) -> Iterator[Service]:
    """Run web, worker and beat on a Valkey, as `strangler up` does."""
    with service(tmp_path_factory.mktemp("images"), broker=valkey.url) as running:
        running.start_web()
        running.start_worker()
        running.start_beat()
        yield running
