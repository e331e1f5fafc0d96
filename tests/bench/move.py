"""Measure the copy of a table between two MariaDB servers against ``mysqldump | mysql`` and against a plain copier.

``python -m tests.bench.move [--rows N] [--rounds N] [--only dump python writer scale]``. Each prints one JSON line. All
sides use the same two private servers, the same table with a secondary index, and begin with an empty target.

- ``move.copy.dump``: rows/s of a move from its start until it follows (triggers, positions and resumable chunks
  included) against ``mysqldump --single-transaction --quick | mysql``; goal 1.0 times.
- ``move.copy.python``: the same against keyset pages of 5,000 with ``executemany``; goal 2 times.
- ``move.writer``: median milliseconds of a writer's single-row UPDATE while the move copies and follows, against the
  same writer alone; at most 1.4 times as long, so the ratio has to reach 1 / 1.4.
- ``move.scale``: seconds for four times the rows over seconds for the rows; at most 4.2, in the same memory.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, report, run_child
from tests.bench.move_worker import TABLE, connect
from tests.servers.processes import HOST, MariaDB

CREATE = f"""CREATE TABLE {TABLE} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, owner_id INT NOT NULL,
    title VARCHAR(200) NOT NULL, filename VARCHAR(255) NOT NULL, original VARCHAR(255) NOT NULL,
    checksum VARCHAR(64) NOT NULL, width INT UNSIGNED NOT NULL, height INT UNSIGNED NOT NULL,
    bytes BIGINT UNSIGNED NOT NULL, price DECIMAL(10, 2) NULL, uploaded_at DATETIME(6) NOT NULL,
    KEY photo_gallery (owner_id, uploaded_at)) ENGINE=InnoDB"""
FILL = f"""INSERT INTO {TABLE} SELECT seq, seq % 5000, CONCAT('photo ', seq), CONCAT('IMG_', seq, '.jpg'),
    CONCAT('legacy/', MD5(seq), '.jpg'), SHA2(seq, 256), 4000, 3000, seq * 17, IF(seq % 3, seq / 100 % 1000, NULL),
    '2024-01-01' + INTERVAL seq SECOND FROM seq_1_to_{{rows}}"""
WRITER_LIMIT = 1.4
SCALE_LIMIT, SCALE = 4.2, 4
SAME_MEMORY = 1.1  # times the peak of the small one
WRITES_PER_SECOND = 100
CLEAN = 100  # dirty pages that do not matter


class LargeMariaDB(MariaDB):
    """A MariaDB whose memory and log hold the tables, also the largest, so that no side measures the disk.

    With a log that holds the small table only, InnoDB would write pages back while the large one is loaded, and after the
    small one was.
    """

    def command(self) -> list[str]:
        """Return the command line with a larger buffer pool and log, and pages that are written as fast as memory takes them."""
        sizes = {"--innodb-buffer-pool-size": "3G", "--innodb-log-file-size": "3G"}
        return [
            f"{name}={sizes[name]}" if (name := part.partition("=")[0]) in sizes else part
            for part in super().command()
        ] + ["--innodb-io-capacity=10000", "--innodb-io-capacity-max=40000"]


class Servers:
    """Two servers; the first has the rows."""

    def __init__(self, source: MariaDB, target: MariaDB) -> None:
        self.servers = {"source": source, "target": target}
        self.source, self.target = source.create_database("shop"), target.create_database("shop")
        execute(self.source, CREATE)
        execute(self.target, CREATE)

    def fill(self, rows: int) -> None:
        """Give the source *rows* rows."""
        execute(self.source, f"TRUNCATE {TABLE}", FILL.format(rows=rows), f"ANALYZE TABLE {TABLE}")

    def empty(self) -> None:
        """Empty the target, and let both servers come to rest."""
        execute(self.target, f"TRUNCATE {TABLE}", "DROP TABLE IF EXISTS strangler_position")
        for url in (self.source, self.target):
            rest(url)

    def client(self, program: str, end: str) -> list[str]:
        """Return the command line of a client of one end."""
        options = [
            "--no-defaults",
            f"--host={HOST}",
            f"--port={urlsplit(getattr(self, end)).port}",
            "--user=root",
        ]
        return [self.servers[end].program(program), *options]


def main() -> int:
    """Run the chosen measurements and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(BENCHES), default=list(BENCHES))
    options = parser.parse_args()
    with ExitStack() as stack:
        servers = Servers(*(stack.enter_context(LargeMariaDB()) for _ in range(2)))
        servers.fill(options.rows)
        statuses = [report(BENCHES[name](servers, options.rows, options.rounds)) for name in options.only]
    return max(statuses)


def ours(servers: Servers) -> float:
    """Move the table and return the seconds."""
    return work(servers, "ours")["seconds"]


def work(servers: Servers, side: str) -> dict[str, float]:
    """Let a fresh process copy into an empty target."""
    servers.empty()
    result = run_child(["-m", "tests.bench.move_worker", side, servers.source, servers.target])
    refuse_difference(servers)
    return result


def plain(servers: Servers) -> float:
    """Copy as one would by hand and return the seconds."""
    return work(servers, "python")["seconds"]


def dumped(servers: Servers) -> float:
    """Pipe a dump into the other server and return the seconds."""
    servers.empty()
    options = ["--single-transaction", "--quick", "--no-create-info", "shop", TABLE]
    began = time.perf_counter()
    with subprocess.Popen(
        [*servers.client("mariadb-dump", "source"), *options], stdout=subprocess.PIPE
    ) as dump:
        subprocess.run([*servers.client("mariadb", "target"), "shop"], stdin=dump.stdout, check=True)
    seconds = time.perf_counter() - began
    refuse_difference(servers)
    return seconds


def against(
    name: str, peer: Callable[[Servers], float], goal: float
) -> Callable[[Servers, int, int], Figure]:
    """Return a measurement of rows per second against *peer*."""

    def measure(servers: Servers, rows: int, rounds: int) -> Figure:
        sides = {"ours": partial(ours, servers), "peer": partial(peer, servers)}
        seconds = measure_alternating(sides, rounds=rounds, warmups=0)
        speeds = {side: [rows / value for value in values] for side, values in seconds.items()}
        return compare(name, **speeds, unit="rows/s", higher_is_better=True, goal=goal)

    return measure


def writer(servers: Servers, _rows: int, rounds: int) -> Figure:
    """Measure a writer alone and beside a move that copies and then follows."""
    sides = {"ours": partial(beside, servers), "peer": partial(alone, servers)}
    found = measure_alternating(sides, rounds=rounds, warmups=0)
    return compare("move.writer", **found, unit="ms", goal=round(1 / WRITER_LIMIT, 3))


def alone(servers: Servers, *, seconds: int = 10) -> float:
    """Return the median of a writer that has the source for itself."""
    child = ["-m", "tests.bench.move_worker", "writer", servers.source, servers.target]
    return run_child([*child, str(seconds), str(WRITES_PER_SECOND)])["p50"]


def beside(servers: Servers) -> float:
    """Return the median of a writer during a whole copy and some seconds of following."""
    servers.empty()
    with tempfile.TemporaryDirectory() as folder:
        stop = Path(folder) / "stop"
        arguments = ["-m", "tests.bench.move_worker", "follow", servers.source, servers.target, str(stop)]
        with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL) as move:
            time.sleep(1.5)  # until its triggers are there
            median = alone(servers, seconds=20)
            stop.touch()
            if move.wait(60):
                raise RuntimeError("the move failed; its error output is above")
    return median


def scale(servers: Servers, rows: int, rounds: int) -> Figure:
    """Measure how time and memory grow with the table: each large one between two small ones, as the machine's speed drifts."""
    smalls, larges = [work(servers, "ours")], []
    for _ in range(-(-rounds // 3)):  # a round moves six times the rows of other measurements
        servers.fill(rows * SCALE)
        larges.append(work(servers, "ours"))
        servers.fill(rows)
        smalls.append(work(servers, "ours"))
    beside = [
        statistics.mean((one["seconds"], other["seconds"])) for one, other in itertools.pairwise(smalls)
    ]
    grown = [large["seconds"] / small for large, small in zip(larges, beside, strict=True)]
    peaks = [round(max(each["peak_mib"] for each in some), 1) for some in (smalls, larges)]
    details = {
        "rows": rows,
        "seconds": [round(each["seconds"], 1) for each in smalls],
        "times_the_rows": SCALE,
        "times_the_seconds": [round(each["seconds"], 1) for each in larges],
        "peak_mib": peaks,
    }
    figure = compare(
        "move.scale", ours=grown, peer=[SCALE] * len(grown), unit="times", limit=SCALE_LIMIT, details=details
    )
    is_larger = peaks[1] > SAME_MEMORY * peaks[0]
    return replace(figure, broken=("the larger copy took more memory",) if is_larger else ())


def rest(url: str) -> None:
    """Wait until the server has written its pages back, so that no measurement pays for the one before."""
    execute(url, "SET GLOBAL innodb_max_dirty_pages_pct = 0")
    until = time.monotonic() + 60
    while int(execute(url, "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")[1]) > CLEAN:
        if time.monotonic() > until:
            raise RuntimeError("the server does not come to rest")
        time.sleep(0.2)
    execute(url, "SET GLOBAL innodb_max_dirty_pages_pct = DEFAULT")


def refuse_difference(servers: Servers) -> None:
    """Refuse a copy that is not whole: a fast one that loses rows would win."""
    counts = {
        execute(url, f"SELECT COUNT(*), SUM(CRC32(checksum)) FROM {TABLE}")
        for url in (servers.source, servers.target)
    }
    if len(counts) != 1:
        raise RuntimeError(f"the copy differs: {counts}")


def execute(url: str, *statements: str) -> tuple[object, ...]:
    """Run *statements* and return the first row of the last."""
    connection = connect(url)
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
        row = cursor.fetchone()
    connection.commit()
    connection.close()
    return row or ()


BENCHES: dict[str, Callable[[Servers, int, int], Figure]] = {
    "dump": against("move.copy.dump", dumped, goal=1.0),
    "python": against("move.copy.python", plain, goal=2.0),
    "writer": writer,
    "scale": scale,
}

if __name__ == "__main__":
    sys.exit(main())
