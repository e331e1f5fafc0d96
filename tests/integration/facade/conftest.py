"""A misbehaving service, and the site in front of it, on WSGI and on ASGI."""

from __future__ import annotations

import pytest

from tests.integration.facade.running import Site
from tests.integration.facade.upstream import Upstream


@pytest.fixture(scope="session")
def shared_upstream():
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(shared_upstream):
    """The service, with nothing remembered."""
    shared_upstream.forget()
    return shared_upstream


@pytest.fixture(scope="session", params=["wsgi", "asgi"])
def live_site(request, shared_upstream):
    site = Site(request.param, service_url=shared_upstream.url).start()
    site.move("live")
    yield site
    site.stop()


@pytest.fixture
def site(live_site, upstream):
    """The site with all seams live."""
    return live_site
