"""What MySQL is asked. There is none to be had where these tests run: its answers are those of its manual."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from strangler.core.positions import Position
from strangler.replicas.dialects import MariaDB, MySQL, dialect_of

PRIMARY = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


class Server:
    """Django's connection to a server that answers by a table."""

    vendor = "mysql"

    def __init__(self, answers=(), *, mysql_is_mariadb=False):
        self.answers = dict(answers)
        self.mysql_is_mariadb = mysql_is_mariadb
        self.asked = []

    @contextmanager
    def cursor(self):
        yield self

    def execute(self, sql, values):
        self.asked.append((sql, values))

    def fetchone(self):
        return (self.answers[self.asked[-1][0]],)


def test_mysql_and_mariadb_are_told_apart_by_the_server():
    assert isinstance(dialect_of(Server()), MySQL)
    assert isinstance(dialect_of(Server(mysql_is_mariadb=True)), MariaDB)


def test_how_far_a_server_is_are_the_transactions_that_it_has_executed():
    server = Server({"SELECT @@GLOBAL.gtid_executed": f"{PRIMARY}:1-5:\n7"})
    assert str(MySQL().read_written(server)) == f"{PRIMARY}:1-5:7"
    assert MySQL().read_reached(server) == MySQL().read_written(server)


def test_a_server_without_gtids_can_not_tell():
    assert MySQL().read_written(Server({"SELECT @@GLOBAL.gtid_executed": ""})) == Position()


@pytest.mark.parametrize(("answer", "is_there"), [(0, True), (1, False), (None, False)])
def test_a_replica_waits_for_what_is_wanted(answer, is_there):
    statement = "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)"
    server = Server({statement: answer})
    position = Position.parse(f"{PRIMARY}:1-7")
    assert MySQL().wait(server, position, timeout=timedelta(milliseconds=50)) is is_there
    assert server.asked == [(statement, (f"{PRIMARY}:1-7", 0.05))]


def test_nobody_has_what_a_server_of_the_other_kind_wrote():
    assert not MySQL().wait(Server(), Position.parse("0:12"), timeout=timedelta(seconds=1))
    assert not MariaDB().wait(Server(), Position.parse(f"{PRIMARY}:1"), timeout=timedelta(seconds=1))
