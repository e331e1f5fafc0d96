"""The private servers behave as the tests that use them expect."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import psycopg
import pytest
import requests
from kombu import Connection
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from tests.servers import processes
from tests.servers.signals import has_ended, sigcont, sigkill, sigstop


def test_mariadb_gives_every_test_an_empty_database(mariadb_url, mariadb):
    driver = pytest.importorskip("MySQLdb")
    with driver.connect(
        host="127.0.0.1", port=mariadb.port, user="root", database=mariadb_url.rsplit("/")[-1]
    ) as db:
        cursor = db.cursor()
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == ()
        cursor.execute("SELECT @@character_set_database")
        assert cursor.fetchone() == ("utf8mb4",)


def test_postgres_gives_every_test_an_empty_database(postgres_url):
    with psycopg.connect(postgres_url) as db:
        assert db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


@pytest.mark.parametrize("broker", ["redis_url", "valkey_url"])
def test_redis_and_valkey_are_empty_and_answer(broker, request):
    with Redis.from_url(request.getfixturevalue(broker)) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


def test_rabbitmq_carries_a_message(rabbitmq_url):
    with Connection(rabbitmq_url) as connection:
        queue = connection.SimpleQueue("test_rabbitmq_carries_a_message")
        queue.put({"photo": 1})
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    assert message.payload == {"photo": 1}


def test_nginx_serves_the_given_block(nginx):
    server = nginx("server { listen 127.0.0.1:@PORT@; return 200 'served'; }")
    assert requests.get(server.url, timeout=5).text == "served"


def test_a_frozen_server_keeps_connections_and_answers_nothing():
    with processes.Valkey() as server, Redis.from_url(server.url, socket_timeout=2, retry=None) as client:
        client.ping()
        server.freeze()
        with pytest.raises(RedisTimeoutError):
            client.ping()
        server.thaw()
        assert client.ping()


def test_a_killed_server_comes_back_on_its_port():
    with processes.Valkey() as server:
        url = server.url
        server.kill()
        server.restart()
        with Redis.from_url(url) as client:
            assert client.ping()


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(processes.ServerDidNotStart, match='unknown directive "nonsense"'):
        processes.Nginx("nonsense on;").__enter__()


def test_a_stopped_server_leaves_no_process_and_no_folder():
    with processes.Valkey() as server:
        tree = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    assert not server.folder.exists()
    assert [process for process in tree if not has_ended(process)] == []


@pytest.fixture
def family():
    """Run a process with a child, both waiting for ever."""
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as parent:
        while not psutil.Process(parent.pid).children():
            time.sleep(0.01)
        yield parent
        sigkill(parent.pid)


def test_signals_reach_a_process_and_its_children(family):
    child = psutil.Process(family.pid).children()[0]
    sigstop(family.pid)
    assert child.status() == psutil.STATUS_STOPPED
    sigcont(family.pid)
    assert child.status() != psutil.STATUS_STOPPED
    sigkill(family.pid)
    assert has_ended(child)
