"""The whole shop as `strangler up` runs it, on free ports and with data of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monolith.journey.site import SEAM, Ports, Site, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST_PORT = 21000  # far from where anybody's own shop may be running


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the running shop with its image service, workers, broker and mail catcher."""
    state = tmp_path_factory.mktemp("shop")
    first = free_port(FIRST_PORT)
    ports = Ports(
        monolith=first,
        images=free_port(first + 1),
        email=free_port(first + 200),
        accounts=free_port(first + 300),
        reporting=free_port(first + 400),
        catalog=free_port(first + 450),
        valkey=free_port(first + 500),
        smtp=free_port(first + 1000),
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "monolith.settings.local",  # not the tests' own
        "DATABASE_URL": f"sqlite:///{state / 'monolith.sqlite3'}",
        "IMAGES_DATABASE_URL": f"sqlite:///{state / 'images.sqlite3'}",
        "EMAIL_DATABASE_URL": f"sqlite:///{state / 'email.sqlite3'}",
        "ACCOUNTS_DATABASE_URL": f"sqlite:///{state / 'accounts.sqlite3'}",
    }
    site = Site(state=state, ports=ports, environ=environ)
    site.manage("migrate", "--noinput")
    with site.running():
        yield site


@pytest.fixture
def rollout(shop: Site) -> Callable[..., None]:
    """Return the function that moves the upload seam and waits until all processes follow."""

    def change(*position: str) -> None:
        shop.manage("strangler", "rollout", SEAM, *position, "--force", "--reason", "a test")

    return change
