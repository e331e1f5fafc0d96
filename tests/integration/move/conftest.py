"""Worlds of two databases: MariaDB, PostgreSQL, SQLite, and MariaDB to PostgreSQL."""

from __future__ import annotations

import pytest

from tests.integration.move.worlds import world
from tests.servers import processes
from tests.servers.fixtures import require_server


@pytest.fixture(autouse=True)
def _control(transactional_db):
    """Give every test the tables of the control side."""


@pytest.fixture(scope="session")
def other_mariadb():
    """Run a second private MariaDB."""
    require_server("mariadb")
    with processes.MariaDB() as server:
        yield server


@pytest.fixture
def mariadb_world(mariadb, mariadb_url, other_mariadb):
    target = other_mariadb.create_database(mariadb_url.rpartition("/")[2])
    with world(mariadb_url, target) as made:
        yield made


@pytest.fixture
def postgres_world(postgres, postgres_url):
    target = postgres.create_database(f"{postgres_url.rpartition('/')[2]}_target")
    with world(postgres_url, target) as made:
        yield made


@pytest.fixture
def sqlite_world(tmp_path):
    with world(
        f"sqlite:///{tmp_path / 'source.sqlite3'}", f"sqlite:///{tmp_path / 'target.sqlite3'}"
    ) as made:
        yield made


@pytest.fixture
def crossing_world(mariadb_url, postgres_url):
    """From MariaDB to PostgreSQL."""
    with world(mariadb_url, postgres_url) as made:
        yield made


@pytest.fixture
def returning_world(mariadb_url, postgres_url):
    """From PostgreSQL to MariaDB, as a move across engines follows after its switch."""
    with world(postgres_url, mariadb_url) as made:
        yield made


@pytest.fixture(params=["mariadb", "postgres", "sqlite"])
def any_world(request):
    """Each engine in turn."""
    return request.getfixturevalue(f"{request.param}_world")
