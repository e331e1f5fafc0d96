"""One side of a measured copy, in a process of its own: ``python -m tests.bench.move_worker SIDE SOURCE TARGET``.

SIDE is ``ours`` (the move's own loop: changelog, triggers, positions, chunks), ``follow`` (the same, until the file
STOP appears), ``python`` (keyset pages and ``executemany``, as one would write it by hand) or ``writer``.
The last line that it prints is a JSON object.
"""

# ruff: noqa: PLC0415 - models can be imported only when Django is set up

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import django
import MySQLdb
from django.conf import settings
from django.core.management import call_command

from strangler.conf import database_from_url
from tests.bench._harness import peak_rss_mib, percentile, resident_mib

PAGE = 5_000  # the fastest size of the plain copier, found by trying
TABLE = "photo"


def main(side: str, source: str, target: str, *rest: str) -> None:
    """Do one side's work and print what it took."""
    sides = {"ours": copy_ours, "follow": follow, "python": copy_python, "writer": write}
    sys.stdout.write(json.dumps(sides[side](source, target, *rest)) + "\n")


def copy_ours(source: str, target: str) -> dict[str, float]:
    """Move the table until it follows."""
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        return timed(lambda: run(source, target))


def follow(source: str, target: str, stop: str) -> dict[str, float]:
    """Move the table and follow until the file *stop* appears; says `ready` when it begins."""
    ending = threading.Event()

    def watch() -> None:
        while not Path(stop).exists():
            time.sleep(0.05)
        ending.set()

    threading.Thread(target=watch, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        return timed(lambda: run(source, target, stop=ending))


def configure(folder: str) -> None:
    """Set Django up with nothing but the tables of moves."""
    url = f"sqlite:///{folder}/control.sqlite3"
    settings.configure(
        INSTALLED_APPS=["strangler.rollout", "strangler.isolation", "strangler.move"],
        DATABASES={"default": database_from_url(url)},
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)


def run(source: str, target: str, *, stop: threading.Event | None = None) -> None:
    """Run a move as ``strangler move`` does."""
    from strangler.core.stages import MoveStage
    from strangler.move import laying
    from strangler.move.databases import Pair, connection_to, dialect_of
    from strangler.move.runner import Runner
    from strangler.move.tables import TablePair

    ends = [
        dialect_of(connection_to(url, alias=name)) for url, name in ((source, "source"), (target, "target"))
    ]
    pair = Pair(source=ends[0], target=ends[1])
    pair.source.open_source()
    pair.target.open_target()
    table = TablePair(number=1, source=pair.source.introspect(TABLE), target=pair.target.introspect(TABLE))
    record = laying.create("images", tables=[table], is_replica=False, pair=pair, actor="bench")
    runner = Runner(record=record, pair=pair, actor="bench", stop=stop or threading.Event())
    runner.run(until=None if stop else MoveStage.FOLLOWING)
    with runner.holding():
        laying.lift(record, tables=runner.tables, pair=pair)
    pair.close()


def copy_python(source: str, target: str) -> dict[str, float]:
    """Copy by keyset pages and ``executemany``."""

    def copy() -> None:
        reading, writing = connect(source), connect(target)
        with reading.cursor() as pages, writing.cursor() as inserts:
            last = 0
            while True:
                pages.execute(f"SELECT * FROM {TABLE} WHERE id > %s ORDER BY id LIMIT {PAGE}", (last,))
                rows = pages.fetchall()
                if not rows:
                    break
                marks = ", ".join(["%s"] * len(rows[0]))
                inserts.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)
                writing.commit()
                last = rows[-1][0]

    return timed(copy)


def write(source: str, _target: str, seconds: str, rate: str) -> dict[str, float]:
    """Update single rows at *rate* per second for *seconds*; return the median in milliseconds."""
    connection = connect(source)
    connection.autocommit(True)
    took = []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(id) FROM {TABLE}")
        rows = cursor.fetchone()[0]
        until, number = time.monotonic() + float(seconds), 0
        while time.monotonic() < until:
            number += 1
            began = time.perf_counter()
            cursor.execute(f"UPDATE {TABLE} SET width = width + 1 WHERE id = %s", (number * 7919 % rows + 1,))
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(1 / float(rate))
    return {"p50": percentile(took, percent=50), "p99": percentile(took, percent=99), "writes": len(took)}


def connect(url: str) -> MySQLdb.Connection:
    """Connect to the database at *url*."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    return MySQLdb.connect(
        host=parts.hostname, port=parts.port, user=parts.username, db=name, charset="utf8mb4"
    )


def timed(work: Callable[[], None]) -> dict[str, float]:
    """Run *work* and return seconds, and MiB that it needed beyond what the process had before."""
    before, began = resident_mib(), time.perf_counter()
    work()
    return {
        "seconds": time.perf_counter() - began,
        "extra_mib": peak_rss_mib() - before,
        "peak_mib": peak_rss_mib(),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
