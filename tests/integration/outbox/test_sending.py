"""A message is a row of the caller's transaction, on every database."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from strangler.core.carried import carry
from strangler.errors import MessageError, NotInTransactionError
from strangler.outbox import Priority, count_waiting, send
from strangler.outbox.clock import read_now
from strangler.outbox.models import OutboxMessage
from strangler.outbox.tenure import Tenure
from strangler.outbox.wake import Bell


def rows(database):
    return OutboxMessage.objects.using(database)


def test_a_committed_message_is_a_row_with_everything_the_sender_said(database):
    with transaction.atomic(using=database), carry({"decision": "email.welcome=service;live"}):
        message_id = send(
            "email.deliver",
            {"to": ["å@example.org", "😀"], "n": 1},
            to="email",
            key="user:7",
            priority=Priority.HIGH,
            version=3,
            headers={"campaign": "spring"},
            using=database,
        )
    row = rows(database).get()
    assert isinstance(message_id, UUID)
    assert (row.message_id, row.type, row.queue, row.key, row.version, row.rank) == (
        message_id,
        "email.deliver",
        "email",
        "user:7",
        3,
        0,
    )
    assert json.loads(row.body) == {"to": ["å@example.org", "😀"], "n": 1}
    assert json.loads(row.headers) == {
        "strangler-correlation-id": str(message_id),
        "strangler-decision": "email.welcome=service;live",
        "strangler-campaign": "spring",
    }


def test_a_rolled_back_message_never_was(database):
    with suppress(ZeroDivisionError), transaction.atomic(using=database):
        send("email.deliver", {}, to="email", using=database)
        raise ZeroDivisionError
    assert not rows(database).exists()


def test_a_savepoint_takes_its_messages_with_it(database):
    with transaction.atomic(using=database):
        send("a.one", {}, to="email", using=database)
        with suppress(ZeroDivisionError), transaction.atomic(using=database):
            send("a.two", {}, to="email", using=database)
            raise ZeroDivisionError
    assert count_waiting(using=database) == {"a.one": 1}


def test_outside_of_a_transaction_it_is_refused_with_the_block_to_write(sqlite):
    with pytest.raises(NotInTransactionError, match=rf"with transaction\.atomic\(using='{sqlite}'\)"):
        send("email.deliver", {}, to="email", using=sqlite)


def test_a_bad_message_writes_nothing(sqlite):
    with transaction.atomic(using=sqlite), pytest.raises(MessageError):
        send("email.deliver", {"x": object()}, to="email", using=sqlite)
    assert not rows(sqlite).exists()


def test_a_delay_counts_from_the_databases_own_clock(database):
    with transaction.atomic(using=database):
        send("a.later", {}, to="email", delay=timedelta(hours=2, milliseconds=5), using=database)
        send("a.now", {}, to="email", using=database)
    later, now = rows(database).order_by("-available_at")
    assert later.available_at - later.created_at == pytest.approx(
        timedelta(hours=2, milliseconds=5), abs=timedelta(milliseconds=5)
    )
    assert now.available_at <= read_now(database)
    assert read_now(database) - now.created_at < timedelta(seconds=30)


def test_messages_of_a_key_share_a_lane_and_others_are_spread(sqlite):
    with transaction.atomic(using=sqlite):
        for _ in range(20):
            send("a.keyed", {}, to="email", key="user:7", using=sqlite)
            send("a.free", {}, to="email", using=sqlite)
    lanes = {name: set() for name in ("a.keyed", "a.free")}
    for name, lane in rows(sqlite).values_list("type", "lane"):
        lanes[name].add(lane)
    assert len(lanes["a.keyed"]) == 1
    assert len(lanes["a.free"]) > 5


def test_a_commit_wakes_the_relay_once_however_many_messages_it_has(database):
    bell = Bell(host="127.0.0.1")
    tenure = Tenure(database, lease=timedelta(seconds=10), bell=bell)
    tenure.keep()
    try:
        with transaction.atomic(using=database):
            for _ in range(5):
                send("a.b", {}, to="email", using=database)
            assert not bell.wait(timedelta(0))
            assert len(connections[database].run_on_commit) == 1
        assert bell.wait(timedelta(seconds=1))
    finally:
        tenure.end()
        bell.close()


def test_nobody_listening_costs_a_sender_nothing(sqlite):
    bell = Bell(host="127.0.0.1")
    Tenure(sqlite, lease=timedelta(seconds=10), bell=bell).keep()
    bell.close()  # registered, and gone without a word
    with transaction.atomic(using=sqlite):
        send("a.b", {}, to="email", using=sqlite)
    assert rows(sqlite).count() == 1


def test_what_the_datagram_says_does_not_matter():
    bell = Bell(host="127.0.0.1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anybody:
        anybody.sendto(uuid4().bytes * 64, (bell.host, bell.port))
        assert bell.wait(timedelta(seconds=1))
    assert not bell.wait(timedelta(0))
    bell.close()


@pytest.mark.parametrize("table", ["outboxmessage", "parkedmessage", "publishedmessage", "relayrecord"])
def test_mariadb_numbers_rows_by_itself(table, make_database, mariadb_url):
    database = make_database(mariadb_url)
    with connections[database].cursor() as cursor:
        cursor.execute(f"SHOW CREATE TABLE strangler_outbox_{table}")
        assert "`id` bigint(20) NOT NULL AUTO_INCREMENT" in cursor.fetchone()[1]
