"""The catalogue moves to its service and back while the shop's pages stay the same, byte for byte."""

import os
import socket
import sys
from pathlib import Path

import pytest

from strangler.core.topology import Topology
from strangler.forking import run
from strangler.testing.processes import start

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'shop.sqlite3'}", f"sqlite:///{tmp_path / 'catalog.sqlite3'}"


@pytest.fixture
def across(mariadb, postgres):
    """From MariaDB to PostgreSQL."""
    return mariadb.create_database("shop_of_catalog"), postgres.create_database("catalog_of_shop")


@pytest.mark.parametrize(
    "engines",
    [
        pytest.param(
            "sqlite", marks=pytest.mark.long
        ),  # the journey moves it there, too, whenever it is played
        pytest.param("across", marks=pytest.mark.xdist_group("mariadb+postgres")),
    ],
)
def test_every_page_stays_as_it_is_while_the_catalogue_moves(request, tmp_path, engines):
    shop, catalog = request.getfixturevalue(engines)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "DATABASE_URL": shop,
        "CATALOG_DATABASE_URL": catalog,
        "MONOLITH_URL": f"http://127.0.0.1:{port}",
        "MEDIA_ROOT": str(tmp_path / "media"),
    }
    service = Topology.load(ROOT / "strangler.toml").services["catalog"]
    running = start(service, root=ROOT, folder=tmp_path, environment=environment)
    environment |= {
        "CATALOG_URL": running.url,
        "DJANGO_SETTINGS_MODULE": "tests.integration.catalog.shop_settings",
    }
    line = [sys.executable, "-m", "tests.integration.catalog.play", str(port), str(running.process.pid)]
    try:
        done = run(line, cwd=ROOT, env={**os.environ, **environment})
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{running.tail()}"
    finally:
        running.stop()
