"""What every test can use: private servers, and the rule which settings a test folder belongs to."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers.fixtures import (  # noqa: F401  (fixtures are found by name)
    chromium_path,
    group_by_server,
    mariadb,
    mariadb_url,
    nginx,
    postgres,
    postgres_url,
    rabbitmq,
    rabbitmq_url,
    redis,
    redis_url,
    valkey,
    valkey_url,
)

# As the entry point does for a project that installs the distribution.
pytest_plugins = ["strangler.testing.plugin", "pytester"]

# Workers of xdist get a terminal of 80 columns, which would cut tables that are wider elsewhere.
os.environ.pop("COLUMNS", None)

SERVICES = Path(__file__).parent / "services"


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for():
    """Have WhiteNoise look for a file when it is asked: it reads all of them for every client that a test makes."""
    settings.WHITENOISE_AUTOREFRESH = True


def pytest_configure(config: pytest.Config) -> None:
    """Announce the one marker of our own."""
    config.addinivalue_line("markers", "long: runs with LONG=1 only, since a whole run has twelve minutes")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests to those who ask for them; keep tests of the same server in the same worker."""
    if not os.environ.get("LONG"):
        left = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    group_by_server(items)


def pytest_collection_finish() -> None:
    """Keep the collector from looking at what was imported and collected: it stays to the end."""
    gc.freeze()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect the tests of a service only under its own settings; Django allows one set per process.

    Run them with ``pytest --ds=extracted.images.settings tests/services/images``.
    """
    if SERVICES not in collection_path.parents:
        return None
    service = collection_path.relative_to(SERVICES).parts[0]
    settings = config.getoption("ds") or ""
    return None if settings.startswith(f"extracted.{service}.") else True
