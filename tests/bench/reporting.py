"""Measure logins while the heaviest report is made, by the shop itself and by the reporting service.

``python -m tests.bench.reporting [--users N] [--orders N] [--fill-seconds N] [--seconds N] [--rounds N]``; needs MariaDB.
It prints one JSON line.

- ``reporting.login``: p99 in milliseconds of a login (POST of the form: password, session, `last_login`), twenty a second
  whatever the last one took, each from when it was due, while the service makes `printing`; the peer is the same login
  with nothing beside it, so the ratio is idle over busy, and the goal is idle / (1.2 × idle) = 0.83. `legacy_p99` is the
  login while the shop makes the report itself. `noise` is what the machine does to the measurement: in each round idle is
  measured twice, and this is how far apart both are (1.1: 10 %).

There are as many orders as can be filled in in the time for that; a report joins all of
them. Passwords are hashed with MD5, so that the login is what the database makes of it, and not half a second of
computing that no report has to do with.

The shop and the service have a MariaDB each. Both are on this one machine, as nobody would have them; the service's
server and worker get what nobody else wants of the processors (SCHED_IDLE), which stands for the other machine; what they
take of the disk and of the memory's bandwidth is still the same machine's. The shop's own report is made in another
process than the logins, which takes from them what it takes of the database and of the processors, not of their threads.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, report, run_child
from tests.servers.processes import MariaDB

GOAL = 1 / 1.2
CHILD = "tests.bench.reporting_child"
WARM_UP_SECONDS = 2


class Server(MariaDB):
    """A server with room for its tables, as one that has a machine of its own."""

    def command(self) -> list[str]:
        """Return the command; what is said last counts."""
        return [*super().command(), "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]


def main() -> int:
    """Fill both databases, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=5_000_000, help="at most")
    parser.add_argument("--fill-seconds", type=int, default=180, help="for the shop's orders")
    parser.add_argument("--seconds", type=int, default=20, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Server() as shop_server, Server() as service_server:
        shop = {
            "DJANGO_SETTINGS_MODULE": "monolith.settings.test",
            "DATABASE_URL": shop_server.create_database("bench_shop"),
        }
        service = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.reporting_settings",
            "REPORTING_DATABASE_URL": service_server.create_database("bench_reporting"),
            "BENCH_NICE": "19",
        }
        _fill(shop, service, options)
        _put_last(service_server.pid)
        return report(_measured(shop, service, options))


def _fill(shop: Mapping[str, str], service: Mapping[str, str], options: argparse.Namespace) -> None:
    """Fill the shop as far as the time allows, and the service with just as much."""
    fill = ["-m", CHILD, "fill", str(options.users)]
    got = run_child([*fill, str(options.orders), str(options.fill_seconds)], env=shop)
    options.orders = int(got["orders"])
    run_child([*fill, str(options.orders), "0"], env=service)


def _measured(shop: Mapping[str, str], service: Mapping[str, str], options: argparse.Namespace) -> Figure:
    counts: dict[str, int] = {}

    def logins(beside: Mapping[str, str] | None, name: str) -> float:
        with _report(beside):
            got = run_child(["-m", CHILD, "login", str(options.seconds), str(options.users)], env=shop)
        counts[name] = int(got["logins"])
        return got["p99"]

    logins(None, "warm-up")  # what was filled is still being written to the disk
    sides = {
        "idle": lambda: logins(None, "idle"),
        "idle again": lambda: logins(None, "idle again"),
        "extracted": lambda: logins(service, "extracted"),
        "legacy": lambda: logins(shop, "legacy"),
    }
    values = measure_alternating(sides, rounds=options.rounds, warmups=0)
    again = [
        max(one / other, other / one) for one, other in zip(values["idle"], values["idle again"], strict=True)
    ]
    return compare(
        "reporting.login",
        ours=values["extracted"],
        peer=values["idle"],
        unit="ms",
        goal=GOAL,
        details={
            "peer_is": "the same login with no report beside it",
            "legacy_p99": round(median(values["legacy"]), 1),
            "noise": round(median(again), 2),
            "users": options.users,
            "orders": options.orders,
            "logins": counts,
            "p99": {name: [round(each, 1) for each in some] for name, some in values.items()},
        },
    )


@contextmanager
def _report(environ: Mapping[str, str] | None) -> Iterator[None]:
    """Make reports, one after the other, while the block runs; nothing without *environ*."""
    if environ is None:
        yield
        return
    process = subprocess.Popen(
        [sys.executable, "-m", CHILD, "report"],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if "BENCH_NICE" in environ:
        _put_last(process.pid)
    try:
        began = json.loads(process.stdout.readline())  # it has begun
        time.sleep(WARM_UP_SECONDS)
        yield
        if process.poll() is not None:
            raise SystemExit(f"the report that began with {began} ended with {process.returncode}")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        run_child(["-m", CHILD, "hush"], env=environ)


def _put_last(pid: int) -> None:
    """Let everybody else go first; a session's own group of the scheduler counts above what is nice within it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():  # those that they start inherit it
        os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("19")


if __name__ == "__main__":
    sys.exit(main())
