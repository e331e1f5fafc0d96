"""Measure the outbox and its relay against django-celery-outbox: the same rows, database, broker and queue.

``python -m tests.bench.relay [--rows N] [--rounds N] [--only redis rabbitmq enqueue wake]``; needs MariaDB, Redis and
RabbitMQ. Each prints one JSON line.

- ``relay.redis``: messages/s out of the outbox of one relay process, from the first deleted row to the last; goal 5
  times the peer, and 5,000 a second.
- ``relay.rabbitmq``: the same with publisher confirms into a quorum queue; goal 3 times the peer.
- ``relay.enqueue``: messages/s written, one transaction for each; goal 1.2 times the peer.
- ``relay.wake``: milliseconds from the commit to the first line of the task in a Celery worker; goal 50, and so the
  ratio is 50 over the median. What the peer needs with its default polling is in ``peer_milliseconds``.

The peer runs with the fastest of its settings, found by trying: batches of 1,000 and four publishing threads (default:
100 and one).
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import django
from redis import Redis

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, percentile, report
from tests.servers.processes import MariaDB, PrivateServer, RabbitMQ
from tests.servers.processes import Redis as RedisServer

PEER_OPTIONS = ("--batch-size", "1000", "--publish-concurrency", "4", "--idle-time", "0.01")
GOAL_PER_SECOND = 5_000
GOAL_MILLISECONDS = 50
BODY = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"name": "Ann", "order": 17, "total": "49.90"},
    "locale": "en",
    "business_id": "welcome:user:42",
}
OURS = ("manage.py", "strangler", "relay")
PEER = ("manage.py", "celery_outbox_relay", *PEER_OPTIONS)
PEER_AS_IT_IS = ("manage.py", "celery_outbox_relay")
TABLES = {OURS: "strangler_outbox_outboxmessage", PEER: "celery_outbox"}


def main() -> int:
    """Run the chosen measurements and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(BENCHES), default=list(BENCHES))
    options = parser.parse_args()
    statuses: list[int] = []
    with MariaDB() as database:
        for name in options.only:
            # Each broker in an interpreter of its own: settings are read once.
            child = os.fork()
            if not child:
                os._exit(_measure(name, database, options))
            _, status = os.waitpid(child, 0)
            statuses.append(os.waitstatus_to_exitcode(status))
    return max(statuses)


def _measure(name: str, database: MariaDB, options: argparse.Namespace) -> int:
    broker = RabbitMQ() if name == "rabbitmq" else RedisServer()
    with broker:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.bench.relay_settings",
            "DATABASE_URL": database.create_database(f"bench_{name}"),
            "BROKER_URL": broker.url,
        }
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - after the settings

        call_command("migrate", verbosity=0, skip_checks=True)
        return report(BENCHES[name](broker, options))


def drain_redis(broker: PrivateServer, options: argparse.Namespace) -> Figure:
    """Compare drains into Redis."""
    with Redis.from_url(broker.url) as client:

        def arrived() -> int:
            return sum(client.llen(name) for name in ("bench", "bench\x06\x163"))

        return _drain("relay.redis", arrived, client.flushall, options, goal=5)


def drain_rabbitmq(broker: PrivateServer, options: argparse.Namespace) -> Figure:
    """Compare drains into RabbitMQ, both with publisher confirms."""
    from strangler.outbox.queues import queue_arguments  # noqa: PLC0415 - after the settings
    from tests.bench.relay_celery import QUEUE, app  # noqa: PLC0415

    with app.connection() as connection:
        channel = connection.default_channel
        channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments=queue_arguments(QUEUE))

        def arrived() -> int:
            return int(channel.queue_declare(QUEUE, passive=True).message_count)

        return _drain("relay.rabbitmq", arrived, partial(channel.queue_purge, QUEUE), options, goal=3)


def enqueue(broker: PrivateServer, options: argparse.Namespace) -> Figure:
    """Compare the writing of messages, one in each transaction."""
    count = options.rows // 10

    def rate(write: Callable[[int], None], table: str) -> float:
        began = time.perf_counter()
        for number in range(count):
            _in_transaction(write, number)
        took = time.perf_counter() - began
        _execute(f"DELETE FROM {table}")
        return count / took

    sides = {
        "ours": partial(rate, write_ours, TABLES[OURS]),
        "peer": partial(rate, write_peer, TABLES[PEER]),
    }
    values = measure_alternating(sides, rounds=max(options.rounds, 5))
    return compare(
        "relay.enqueue",
        ours=values["ours"],
        peer=values["peer"],
        unit="messages/s",
        higher_is_better=True,
        goal=1.2,
    )


def wake(broker: PrivateServer, options: argparse.Namespace) -> Figure:
    """Measure how long it takes from a commit to the first line of the task."""
    worker = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tests.bench.relay_celery",
        "worker",
        "-c",
        "2",
        "-Q",
        "bench",
    ]
    with Redis.from_url(broker.url) as client, _process([*worker, "--loglevel", "ERROR"]):
        with _relay(OURS):
            ours = _latencies(client, write_ours, count=100, pause=0.05)
        with _relay(PEER_AS_IT_IS):
            peer = _latencies(client, write_peer, count=20, pause=0.3)
    return Figure(
        bench="relay.wake",
        ours=percentile(ours, percent=50),
        peer=GOAL_MILLISECONDS,
        unit="ms",
        ratio=GOAL_MILLISECONDS / percentile(ours, percent=50),
        rounds=len(ours),
        goal=1,
        details={
            "p95": round(percentile(ours, percent=95), 1),
            "peer_is": "the goal",
            "peer_milliseconds": round(percentile(peer, percent=50), 1),
        },
    )


BENCHES: dict[str, Callable[[PrivateServer, argparse.Namespace], Figure]] = {
    "redis": drain_redis,
    "rabbitmq": drain_rabbitmq,
    "enqueue": enqueue,
    "wake": wake,
}


def write_ours(number: int) -> None:
    """Write one message into our outbox."""
    from strangler.outbox import send  # noqa: PLC0415 - after the settings

    send("bench.begin", {**BODY, "n": number}, to="bench")


def write_peer(number: int) -> None:
    """Write the same message into the peer's."""
    from tests.bench.relay_celery import app  # noqa: PLC0415 - after the settings

    app.send_task("bench.begin", kwargs={"body": {**BODY, "n": number}, "version": 1}, task_id=str(uuid4()))


def _drain(
    bench: str,
    arrived: Callable[[], int],
    empty: Callable[[], object],
    options: argparse.Namespace,
    *,
    goal: float,
) -> Figure:
    def rate(command: tuple[str, ...], write: Callable[[int], None]) -> float:
        for start in range(0, options.rows, 500):
            _in_transaction(lambda first: [write(first + each) for each in range(500)], start)
        with _process([sys.executable, *command]):
            value = _rate_of_deletion(TABLES[command], options.rows)
        _wait_until(lambda: arrived() == options.rows, what=f"{options.rows} messages in the broker")
        empty()
        return value

    sides = {"ours": partial(rate, OURS, write_ours), "peer": partial(rate, PEER, write_peer)}
    values = measure_alternating(sides, rounds=options.rounds, warmups=0)
    details = {"rows": options.rows}
    figure = compare(
        bench,
        ours=values["ours"],
        peer=values["peer"],
        unit="messages/s",
        higher_is_better=True,
        goal=goal,
        details=details,
    )
    if bench == "relay.redis" and figure.ours < GOAL_PER_SECOND:
        sys.stderr.write(f"{bench}: {figure.ours:.0f} messages/s are fewer than {GOAL_PER_SECOND:,}\n")
    return figure


def _rate_of_deletion(table: str, rows: int) -> float:
    """Return rows/s from the first look that finds one gone to the last row; the start of the process is left out."""
    left = rows
    while (now := _count(table)) == rows:
        time.sleep(0.001)
    began, first = time.perf_counter(), now
    while left:
        left = _count(table)
        time.sleep(0.005)
    return first / (time.perf_counter() - began)


def _latencies(client: Redis, write: Callable[[int], None], *, count: int, pause: float) -> list[float]:
    """Return milliseconds from the commit to the start of the task, for each of *count* messages."""
    client.delete("bench-begun")
    _in_transaction(write, -1)  # connections are made, caches are warm
    _wait_until(lambda: client.llen("bench-begun") == 1, what="the first message at the worker")
    time.sleep(1)
    committed = {}
    for number in range(count):
        _in_transaction(write, number)
        committed[number] = time.time()
        time.sleep(pause)
    _wait_until(lambda: client.llen("bench-begun") == count + 1, what="all messages at the worker")
    begun = dict(entry.decode().split(":") for entry in client.lrange("bench-begun", 0, -1))
    return [(float(begun[str(number)]) - moment) * 1000 for number, moment in committed.items()]


@contextmanager
def _relay(command: tuple[str, ...]) -> Iterator[None]:
    with _process([sys.executable, *command]):
        time.sleep(3)  # it has started and found nothing to do
        yield


@contextmanager
def _process(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _in_transaction(write: Callable[[int], object], number: int) -> None:
    from django.db import transaction  # noqa: PLC0415 - after the settings

    with transaction.atomic():
        write(number)


def _execute(statement: str) -> tuple[int, ...] | None:
    from django.db import connection  # noqa: PLC0415 - after the settings

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


def _count(table: str) -> int:
    row = _execute(f"SELECT COUNT(*) FROM {table}")
    assert row is not None
    return row[0]


def _wait_until(condition: Callable[[], bool], *, what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} in a minute")
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())
