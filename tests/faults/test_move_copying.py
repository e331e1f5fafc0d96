"""Copy and follow under a storm of writers, with the copier killed again and again."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from strangler.forking import popen
from strangler.move.databases import connection_to, dialect_of
from strangler.move.dialects.base import Statement
from tests.faults.writers import Storm
from tests.servers import processes

TABLES = (
    "CREATE TABLE photo (id BIGINT PRIMARY KEY, title VARCHAR(60) NOT NULL UNIQUE, stars INT NOT NULL)",
    "CREATE TABLE tag (photo BIGINT, name VARCHAR(60), note TEXT, PRIMARY KEY (name, photo))",
)
ROWS = 30_000


@pytest.fixture
def two_servers(mariadb_url, django_db_blocker):
    """The URLs of databases on two servers: the first with rows, the second with the empty tables."""
    with processes.MariaDB() as other, django_db_blocker.unblock():
        target_url = other.create_database("target")
        for url in (mariadb_url, target_url):
            _execute(url, *TABLES)
        _execute(
            mariadb_url,
            f"INSERT INTO photo SELECT seq * 30, CONCAT('photo ', seq), 0 FROM seq_1_to_{ROWS}",
            f"INSERT INTO tag SELECT seq * 30, CONCAT('tag ', seq), 'n' FROM seq_1_to_{ROWS}",
        )
        yield mariadb_url, target_url, other


def _execute(url, *statements):
    end = dialect_of(connection_to(url, alias="setup"))
    for sql in statements:
        end.execute(Statement(sql=sql))
    end.connection.close()


def _rows(url, table, order):
    end = dialect_of(connection_to(url, alias="look"))
    rows = end.fetch(Statement(sql=f"SELECT * FROM {table} ORDER BY {order}"))
    end.connection.close()
    return rows


def _mover(control, source, target):
    command = [sys.executable, "-m", "tests.faults.moving", str(control), source, target, "photo", "tag"]
    return popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _finish(control, source, target):
    """Copy and follow until a look finds no change."""
    mover = _mover(control, source, target)
    said, _ = mover.communicate(timeout=120)
    assert mover.returncode == 0, said


def _differences(source, target):
    """Return the rows that only one side has."""
    return {
        table: set(_rows(source, table, order)) ^ set(_rows(target, table, order))
        for table, order in (("photo", "id"), ("tag", "photo"))
    }


SAME = {"photo": set(), "tag": set()}


@pytest.mark.timeout(300)
def test_a_copier_killed_again_and_again_under_a_storm_loses_and_doubles_nothing(two_servers, tmp_path):
    source, target, _ = two_servers
    dice = random.Random(5)
    with Storm(source) as storm:
        for _ in range(8):
            mover = _mover(tmp_path / "control.sqlite3", source, target)
            time.sleep(1 + dice.random() * 1.5)
            mover.kill()
            mover.communicate(timeout=10)
        _finish(tmp_path / "control.sqlite3", source, target)
    _finish(tmp_path / "control.sqlite3", source, target)  # what was written after the last look
    assert storm.failures == []
    assert min(storm.counts.values()) > 0
    assert len(storm.counts) == 7
    assert _differences(source, target) == SAME


@pytest.mark.timeout(300)
def test_a_target_that_is_killed_and_comes_back_is_only_a_pause(two_servers, tmp_path):
    source, target, server = two_servers
    with Storm(source):
        mover = _mover(tmp_path / "control.sqlite3", source, target)
        time.sleep(2.5)
        server.kill()
        time.sleep(1)
        server.restart()
        time.sleep(2)
    said, _ = mover.communicate(timeout=120)
    assert mover.returncode == 0, said
    _finish(tmp_path / "control.sqlite3", source, target)
    assert _differences(source, target) == SAME
