"""A sender, relays and workers of the ledger service as processes, and the books that are kept of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from base64 import b64decode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

from django.core.management import call_command
from django.db import connections, transaction
from kombu import Connection
from redis import Redis

from strangler.conf import database_from_url
from strangler.forking import popen
from strangler.outbox import send, wake
from strangler.outbox.models import Lane, OutboxMessage, RelayRecord
from strangler.service.inbox import Delivery, Verdict, process
from strangler.service.models import InboxMessage
from strangler.service.queues import task_queues
from strangler.testing import Commands
from tests.servers.signals import sigcont, sigkill, sigstop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
SITE = "tests.faults.ledger_site"


class Ledger:
    """One run: what was committed (`expected`), and what became of it (`effects`).

    Args:
        database: URL of an empty database for the sender, the relays and the workers.
        broker: URL of the broker.
    """

    def __init__(self, *, database: str, broker: str) -> None:
        self.alias = f"ledger_{uuid4().hex[:8]}"
        self.queue = f"ledger-{uuid4().hex[:8]}"
        self.state = Path(tempfile.mkdtemp(prefix="strangler-ledger-"))
        self.expected: Counter[str] = Counter()
        self._processes = ExitStack()
        self._environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{SITE}.settings",
            "DATABASE_URL": database,
            "BROKER_URL": broker,
            "LEDGER_QUEUE": self.queue,
            "LEDGER_STATE": str(self.state),
        }
        self._commands = Commands(self._environ)
        entry = connections.configure_settings({"default": {}, self.alias: database_from_url(database)})
        connections.databases[self.alias] = entry[self.alias]
        for app in ("strangler_outbox", "strangler_service"):
            call_command("migrate", app, database=self.alias, verbosity=0)
        self.execute("CREATE TABLE effects (message_id CHAR(36), n VARCHAR(50))")

    def close(self) -> None:
        """End every process and forget the database."""
        self._processes.close()
        self._commands.close()
        shutil.rmtree(self.state)
        connections[self.alias].close()
        del connections.databases[self.alias]
        del connections[self.alias]
        wake.forget()

    def send(self, *numbers: object, task: str = "ledger.record", **options: Any) -> None:
        """Commit one message per number, in one transaction, and expect its effect once."""
        body = options.pop("body", {})
        with transaction.atomic(using=self.alias):
            for number in numbers:
                send(task, {"n": str(number), **body}, to=self.queue, using=self.alias, **options)
        self.expected.update(map(str, numbers))

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL in the run's database."""
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def effects(self) -> Counter[str]:
        """How often each number was written down."""
        return Counter(dict(self.execute("SELECT n, COUNT(*) FROM effects GROUP BY n")))

    @property
    def waiting(self) -> int:
        """How many messages the outbox still has."""
        return OutboxMessage.objects.using(self.alias).count()

    @property
    def inbox(self) -> Any:
        """The rows of the inbox."""
        return InboxMessage.objects.using(self.alias)

    @property
    def relays(self) -> Any:
        """The registrations of the relays."""
        return RelayRecord.objects.using(self.alias)

    def has_lanes(self) -> bool:
        """Whether some relay is ready to publish."""
        return Lane.objects.using(self.alias).exclude(owner=None).exists()

    def relay(self) -> Process:
        """Start a relay and wait until it is ready."""
        known = set(self.relays.values_list("pk", flat=True))
        started = self._start("relay", [sys.executable, "manage.py", "strangler", "relay"])
        until(lambda: set(self.relays.values_list("pk", flat=True)) - known, process=started)
        return started

    def worker(self, *, concurrency: int = 1) -> Process:
        """Start a Celery worker and wait until it takes messages."""
        command = [sys.executable, "-m", "celery", "-A", f"{SITE}.celery", "worker", "-c", str(concurrency)]
        command += ["-n", f"w{uuid4().hex[:6]}@h", "-Q", self.queue, "--loglevel", "INFO"]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        started = self._start("worker", command)
        until(lambda: " ready." in started.output(), process=started)
        return started

    def manage(self, *arguments: str) -> str:
        """Run a verb of the service's command and return what it prints."""
        done = self._commands.run("strangler", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def settle(self, *, seconds: float = 150) -> None:
        """Wait until every committed message had its effect, and check that none had it twice."""
        until(lambda: self.effects.keys() >= self.expected.keys(), seconds=seconds, ledger=self)
        assert self.effects == self.expected
        assert self.waiting == 0

    def consume(self, *, seconds: float = 60) -> None:
        """Work on messages here, as a worker does, until every committed one had its effect; then check as `settle`."""
        deadline = time.monotonic() + seconds
        with Connection(self._environ["BROKER_URL"]) as connection:
            queue = task_queues(self.queue, broker_url=self._environ["BROKER_URL"])[0](connection.channel())
            while time.monotonic() < deadline:
                message = queue.get()
                if message is not None:
                    self._work(message)
                elif self.effects.keys() >= self.expected.keys() and not self.waiting:
                    break
                else:
                    time.sleep(0.02)
        self.settle(seconds=0)

    def compete(self, *, consumers: int) -> Counter[Verdict]:
        """Empty the queue with as many consumers at once, each with connections of its own; return their verdicts."""
        with ThreadPoolExecutor(consumers) as pool:
            return sum(pool.map(lambda _: self._empty_queue(), range(consumers)), Counter())

    def _empty_queue(self) -> Counter[Verdict]:
        """Pop from Redis directly: Kombu needs eight round trips a message."""
        verdicts: Counter[Verdict] = Counter()
        with Redis.from_url(self._environ["BROKER_URL"]) as client:
            while (raw := client.rpop(f"{self.queue}\x06\x163")) is not None:
                envelope = json.loads(raw)
                _args, keywords, _embed = json.loads(b64decode(envelope["body"]))
                verdicts[self._process(envelope["headers"], keywords)] += 1
        connections[self.alias].close()
        return verdicts

    def _work(self, message: Any) -> None:
        self._process(message.headers, message.payload[1])
        message.ack()

    def _process(self, headers: dict[str, Any], keywords: dict[str, Any]) -> Verdict:
        delivery = Delivery(id=UUID(headers["id"]), type=headers["task"], **keywords)
        return process(delivery, self._record, using=self.alias)

    def _record(self, message: Delivery) -> None:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(
                "INSERT INTO effects (message_id, n) VALUES (%s, %s)", [str(message.id), message.body["n"]]
            )

    def working(self) -> list[int]:
        """Return the processes that have begun on a long task since the last call, and wait for the first."""
        until(lambda: list(self.state.glob("working-*")))
        found = list(self.state.glob("working-*"))
        for path in found:
            path.unlink()
        return [int(path.name.partition("-")[2]) for path in found]

    def _start(self, name: str, command: list[str]) -> Process:
        return self._processes.enter_context(
            Process(command, log=self.state / f"{name}-{uuid4().hex[:6]}.log", env=self._environ)
        )


class Process:
    """A process with its log."""

    def __init__(self, command: list[str], *, log: Path, env: dict[str, str]) -> None:
        self._log = log
        with log.open("w") as file:
            self._process = popen(command, cwd=ROOT, env=env, stdout=file, stderr=file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it the hard way: what it leaves behind is the test's business."""
        self.kill()
        self._process.wait(timeout=20)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def output(self) -> str:
        """Return what it has printed so far."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it and its children at once (SIGKILL)."""
        sigkill(self._process.pid)

    def freeze(self) -> None:
        """Stop it and its children (SIGSTOP)."""
        sigstop(self._process.pid)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        sigcont(self._process.pid)

    def end(self) -> int:
        """Ask it to end (SIGTERM) and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=20)


def until(
    condition: Callable[[], object],
    *,
    seconds: float = 100,
    process: Process | None = None,
    ledger: Ledger | None = None,
) -> None:
    """Wait until *condition* holds; fail with what is known if it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process is not None:
            assert process.is_running, process.output()
        if time.monotonic() > deadline:
            missing = ledger.expected - ledger.effects if ledger else None
            raise AssertionError(
                f"it did not happen in {seconds} s; missing {missing}; {process and process.output()}"
            )
        time.sleep(0.02)


@contextmanager
def opened(*, database: str, broker: str) -> Iterator[Ledger]:
    """Return a ledger for one test."""
    ledger = Ledger(database=database, broker=broker)
    try:
        yield ledger
    finally:
        ledger.close()


def copies_of(ledger: Ledger, raw: bytes, *, count: int) -> list[bytes]:
    """Return *count* copies of a message in Kombu's format, each with a delivery tag of its own."""
    envelope = json.loads(raw)
    found = []
    for _ in range(count):
        envelope["properties"]["delivery_tag"] = str(uuid4())
        found.append(json.dumps(envelope).encode())
    return found
