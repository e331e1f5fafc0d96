"""Two MariaDB servers that replicate, for all tests of the session: db02 is the primary, db01 follows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

import pytest

from tests.servers.fixtures import require_server
from tests.servers.replication import ReplicatingMariaDB

_numbers = count(1)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The servers, and a way to new databases on both."""

    db01: ReplicatingMariaDB
    db02: ReplicatingMariaDB

    def create_database(self) -> tuple[str, str]:
        """Return the URLs of a new database on the replica and on the primary."""
        name = f"shop_{next(_numbers)}"
        primary = self.db02.create_database(name)
        self.db01.catch_up(self.db02)
        return primary.replace(f":{self.db02.port}/", f":{self.db01.port}/"), primary

    def whole(self) -> Cluster:
        """Return this, with a replica that runs and follows."""
        if not self.db01.is_running:
            self.db01.restart()
        self.db01.catch_up(self.db02)
        return self


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[Cluster]:
    """Run both servers."""
    require_server("mysqlclient")
    require_server("mariadb")
    db02 = ReplicatingMariaDB(2)
    db01 = ReplicatingMariaDB(1, like=db02)
    with ExitStack() as stack:
        stack.callback(db01.stop)
        stack.callback(db02.stop)
        db02.prepare()
        db01.prepare()
        db02.restart()
        db01.restart()
        db01.follow(db02)
        yield Cluster(db01=db01, db02=db02)


@pytest.fixture
def cluster(running_cluster) -> Iterator[Cluster]:
    """Return the servers, whole before and after the test."""
    yield running_cluster.whole()
    running_cluster.whole()
