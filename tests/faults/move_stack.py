"""The moving site in processes of its own: gunicorn behind the facade, a follower, and clients that keep books."""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strangler.forking import popen
from strangler.move.databases import connection_to, dialect_of
from strangler.move.dialects.base import Statement
from strangler.testing import Commands
from tests.servers import processes
from tests.servers.fixtures import require_server
from tests.servers.processes import free_port
from tests.servers.signals import sigkill

ROOT = Path(__file__).resolve().parents[2]
SITE = "tests.faults.move_site"
PATIENCE = 40
SLOWEST_RATE = 40  # writes per second of a storm on a machine that does other things as well
TABLES = ("shelf_album", "shelf_photo", "shelf_tag")


class MoveStack:
    """One site whose tables move from *source* to *target*, both URLs of empty databases."""

    def __init__(self, source, target, *, interval="0.2"):
        self.source, self.target = source, target
        self.environ = {
            "MOVE_SITE_INTERVAL": interval,
            **os.environ,
            "DATABASE_URL": source,
            "IMAGES_DATABASE_URL": target,
            "DJANGO_SETTINGS_MODULE": f"{SITE}.settings",
            "PYTHONWARNINGS": "ignore",
        }
        self.port = free_port()
        self._exits = ExitStack()
        self.log = self._exits.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115 - the stack closes it
        self.ends = {
            name: dialect_of(connection_to(url, alias=name))
            for name, url in (("source", source), ("target", target))
        }

    def __enter__(self):
        self._commands = self._exits.enter_context(Commands(self.environ))
        self.run("migrate", "-v0", "--database", "default")
        self.run("migrate", "shelf", "-v0", "--database", "images")
        return self

    def __exit__(self, *_):
        self._exits.close()
        for dialect in self.ends.values():
            dialect.connection.close()

    def run(self, *argv, code=0):
        """Run a command of the site in a process of its own and return what it printed."""
        done = self._commands.run(*argv)
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{argv}: {said[-3000:]}\n{self.said()}\n{self.audit()}"
        return said

    def move(self, *arguments, code=0):
        """Run `strangler move images …`."""
        return self.run("strangler", "move", "images", *arguments, code=code)

    def turn(self, verb, *options):
        """Run switch or reverse; with a larger budget on machines that do other things as well."""
        return self.move(verb, *options, *([] if os.environ.get("LONG") else ["--budget-ms", "5000"]))

    def killed(self, verb, moment):
        """Run switch or reverse, which kills itself at *moment*."""
        self.run("kill", verb, moment, code=-9)

    def work(self, broker):
        """Start the site's relay and the workers of both sides on *broker*, which the site publishes to from now on."""
        self.environ["BROKER_URL"] = broker
        self.run_in_service("migrate", "-v0")
        return [self.start("-m", "django", "strangler", "relay"), *self.start_workers()]

    def start_workers(self):
        """Start a worker of each side."""
        options = (
            "worker",
            "--concurrency",
            "1",
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
        )
        return [
            self.start("-m", "celery", "-A", SITE, *options, "-Q", "shop", "-n", "shop@h"),
            self.start(
                "-m",
                "celery",
                "-A",
                f"{SITE}.images",
                *options,
                "-Q",
                "images",
                "-n",
                "images@h",
                is_service=True,
            ),
        ]

    def run_in_service(self, *argv):
        """Run a command of the service."""
        with Commands({**self.environ, "DJANGO_SETTINGS_MODULE": f"{SITE}.images.settings"}) as commands:
            done = commands.run(*argv)
            assert done.returncode == 0, done.stdout + done.stderr

    def start(self, *command, is_service=False):
        """Start a process that ends with the stack; return it."""
        settings = {"DJANGO_SETTINGS_MODULE": f"{SITE}.images.settings"} if is_service else {}
        process = popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**self.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )
        self._exits.callback(process.wait)
        self._exits.callback(sigkill, process.pid)
        return process

    def serve(self):
        """Start the site and wait until it answers."""
        options = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        self.start("-m", "gunicorn", f"{SITE}.wsgi", "--bind", f"127.0.0.1:{self.port}", *options)
        wait_until(lambda: Client(self.port, seed=0).is_answered())

    def follow(self):
        """Start the follower, which goes on after each switch and reverse."""
        return self.start("-m", "django", "strangler", "move", "images", "start")

    def wait_for_stage(self, stage):
        wait_until(
            lambda: self.stage() == stage,
            patience=2 * PATIENCE,
            explain=lambda: f"{self.audit()} {self.said()}",
        )

    def stage(self):
        rows = self.fetch("source", "SELECT stage FROM strangler_move_moverecord ORDER BY id DESC LIMIT 1")
        return rows[0][0] if rows else ""

    def fetch(self, end, sql, *params):
        return self.ends[end].fetch(Statement(sql=sql, params=params))

    def execute(self, end, sql, *params):
        return self.ends[end].execute(Statement(sql=sql, params=params))

    def said(self):
        """Return what the processes said, for whoever looks for a failure's cause."""
        return Path(self.log.name).read_text(errors="replace")[-6000:]

    def audit(self):
        """Return what was done to the move, newest first."""
        return self.fetch(
            "source", "SELECT what, reason FROM strangler_move_moveevent ORDER BY id DESC LIMIT 30"
        )

    def is_raised(self, end):
        return bool(self.fetch(end, "SELECT is_raised FROM strangler_fence")[0][0])

    def photos(self, end):
        """Return id → (owner, title, number), without what tasks made."""
        rows = self.fetch(end, "SELECT id, owner, title, number FROM shelf_photo WHERE owner <> 'jobs'")
        return {row[0]: tuple(row[1:]) for row in rows}

    def waiting(self):
        """Return how many messages wait in the site's outbox."""
        return int(self.fetch("source", "SELECT COUNT(*) FROM strangler_outbox_outboxmessage")[0][0])

    def jobs(self, end):
        """Return how often each job was done."""
        rows = self.fetch(end, "SELECT title, COUNT(*) FROM shelf_photo WHERE owner = 'jobs' GROUP BY title")
        return {title: int(count) for title, count in rows}

    def tags(self, end):
        return dict(self.fetch(end, "SELECT name, number FROM shelf_tag"))

    def albums(self, end):
        return {row[0] for row in self.fetch(end, "SELECT id FROM shelf_album")}

    @contextmanager
    def storm(self, *, clients=6, rate=120, has_jobs=False):
        """Write all the time while the block runs; the storm has the clients with their books."""
        storm = Storm(
            [Client(self.port, seed=number, has_jobs=has_jobs) for number in range(clients)], rate=rate
        )
        storm.start()
        try:
            yield storm
        finally:
            storm.stop()


def wait_until(condition, *, patience=PATIENCE, explain=lambda: ""):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"it never came true {explain()}"
        time.sleep(0.05)


@pytest.fixture(scope="module", name="other_mariadb")
def run_other_mariadb():
    """Run a second private MariaDB: the service's."""
    require_server("mariadb")
    with processes.MariaDB() as server:
        yield server


@pytest.fixture(name="move_stack")
def lay_out_stack(mariadb_url, other_mariadb, django_db_blocker):
    """Lay out a site between two MariaDB servers; nothing runs yet."""
    target = other_mariadb.create_database(mariadb_url.rpartition("/")[2])
    with django_db_blocker.unblock(), MoveStack(mariadb_url, target, interval="1") as made:
        yield made


@pytest.fixture
def crossing_stack(mariadb_url, postgres_url, django_db_blocker):
    """Lay out a site from MariaDB to PostgreSQL; nothing runs yet."""
    with django_db_blocker.unblock(), MoveStack(mariadb_url, postgres_url) as made:
        yield made


@pytest.fixture
def postgres_stack(postgres, postgres_url, django_db_blocker):
    """Lay out a site between two PostgreSQL databases; nothing runs yet."""
    target = postgres.create_database(f"{postgres_url.rpartition('/')[2]}_images")
    with django_db_blocker.unblock(), MoveStack(postgres_url, target) as made:
        yield made


@pytest.fixture
def sqlite_stack(tmp_path, django_db_blocker):
    """Lay out a site between two files of SQLite; nothing runs yet."""
    source, target = (f"sqlite:///{tmp_path / name}.sqlite3" for name in ("shop", "images"))
    with django_db_blocker.unblock(), MoveStack(source, target) as made:
        yield made


class Unacknowledged(Exception):
    """An answer that was no 200."""


@dataclass
class Client:
    """Somebody who writes, and keeps books of what was acknowledged."""

    port: int
    seed: int
    has_jobs: bool = False  # asks for tasks, too
    jobs: list = field(default_factory=list)  # titles
    photos: dict = field(default_factory=dict)  # id → [title, number]
    albums: dict = field(default_factory=dict)  # id → ids are not told, so titles
    tags: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)
    slowest: float = 0.0
    done: int = 0

    def __post_init__(self):
        self.name = f"c{self.seed}"
        self.random = random.Random(self.seed)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.count = 0

    def is_answered(self):
        try:
            self.connection.request("GET", "/ready")
            return self.connection.getresponse().read() == b"ready"
        except OSError:
            return False
        finally:
            self.connection.close()

    def ask(self, work, **arguments):
        """Have one write done; note how long it took, and whether it was acknowledged."""
        started = time.monotonic()
        self.connection.request(
            "POST", f"/{work}", json.dumps(arguments), {"Content-Type": "application/json"}
        )
        answer = self.connection.getresponse()
        body = answer.read()
        self.slowest = max(self.slowest, time.monotonic() - started)
        if answer.status != 200:
            self.failures.append((work, arguments, answer.status, body[:300]))
            raise Unacknowledged
        self.done += 1
        return json.loads(body)["result"]

    def step(self):
        """Do one write of a random kind."""
        kinds = ["insert", "update", "save", "raw", "rekey", "album", "drop", "delete", "bulk"]
        weights = [24, 24, 12, 12, 10, 4, 4, 8, 2]
        if self.has_jobs:
            kinds, weights = [*kinds, "task", "call"], [*weights, 30, 30]
        work = self.random.choices(kinds, weights)[0]
        getattr(self, work)()

    def title(self):
        self.count += 1
        return f"{self.name}-{self.count}"

    def insert(self):
        title = self.title()
        pk = self.ask("insert", owner=self.name, title=title)
        assert pk not in self.photos
        self.photos[pk] = [title, 0]

    def any_photo(self):
        if not self.photos:
            self.insert()
        return self.random.choice(sorted(self.photos))

    def change(self, work):
        pk = self.any_photo()
        self.ask(work, pk=pk)
        self.photos[pk][1] += 1

    def update(self):
        self.change("update")

    def save(self):
        self.change("save")

    def raw(self):
        self.change("raw")

    def delete(self):
        pk = self.any_photo()
        self.ask("delete", pk=pk)
        del self.photos[pk]

    def bulk(self):
        self.ask("bulk", owner=self.name)
        for photo in (*self.photos.values(), *(one for some in self.albums.values() for one in some)):
            photo[1] += 1

    def rekey(self):
        old = self.random.choice([*self.tags, ""]) if self.tags else ""
        new = self.title()
        self.ask("rekey", old=old, new=new)
        self.tags[new] = self.tags.pop(old) + 1 if old else 0

    def task(self):
        self.job("task")

    def call(self):
        self.job("call")

    def job(self, work):
        title = f"{work}-{self.title()}"
        self.ask(work, title=title)
        self.jobs.append(title)

    def album(self):
        titles = [self.title() for _ in range(3)]
        pk = self.ask("album", owner=self.name, titles=titles)
        self.albums[pk] = [[title, 0] for title in titles]

    def drop(self):
        if self.albums:
            pk = self.random.choice(sorted(self.albums))
            self.ask("drop", pk=pk)
            del self.albums[pk]


class Storm:
    """Clients that write at a rate together, each in a thread."""

    def __init__(self, clients, *, rate):
        self.clients = clients
        self._pause = len(clients) / rate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(each,), daemon=True) for each in clients]
        self._errors = []

    def start(self):
        self._began_at = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        self.speed = self.done / (time.monotonic() - self._began_at)  # writes a second
        for client in self.clients:
            client.connection.close()
        assert not self._errors, self._errors

    def _run(self, client):
        at = time.monotonic()
        while not self._stop.is_set():
            try:
                client.step()
            except Unacknowledged:
                pass  # is in the client's books
            except Exception as error:  # noqa: BLE001 - the books say what it was
                self._errors.append(repr(error))
                return
            at = max(at + self._pause, time.monotonic() - 1)
            self._stop.wait(max(0, at - time.monotonic()))

    @property
    def done(self):
        return sum(client.done for client in self.clients)

    @property
    def slowest(self):
        return max(client.slowest for client in self.clients)

    @property
    def failures(self):
        return [failure for client in self.clients for failure in client.failures]

    def write(self, count):
        """Wait until so many more writes are acknowledged."""
        wanted = self.done + count
        patience = PATIENCE + count / SLOWEST_RATE
        explain = lambda: f"{self.done} of {wanted} {self.failures[-3:]}"  # noqa: E731 - asked for at the end only
        wait_until(lambda: self.done >= wanted or self._errors, patience=patience, explain=explain)

    def check(self, stack, end):
        """Compare the books with the tables: nothing lost, nothing doubled, nothing that nobody wrote."""
        photos = {
            (client.name, title): number
            for client in self.clients
            for title, number in (
                *client.photos.values(),
                *(one for some in client.albums.values() for one in some),
            )
        }
        rows = stack.photos(end)
        assert len(rows) == len(photos)
        assert {(owner, title): number for owner, title, number in rows.values()} == photos
        assert stack.tags(end) == {name: n for client in self.clients for name, n in client.tags.items()}
        assert stack.albums(end) == {pk for client in self.clients for pk in client.albums}
        for client in self.clients:
            assert {pk: title for pk, (title, _) in client.photos.items()}.items() <= {
                pk: title for pk, (_, title, _) in rows.items()
            }.items()
