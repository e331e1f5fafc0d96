"""Measure logins while the heaviest report is made, by the shop itself and by the reporting service.

``python -m tests.bench.reporting [--users N] [--orders N] [--seconds N] [--rounds N]``; needs MariaDB. It prints one
JSON line.

- ``reporting.login``: p99 in milliseconds of a login (POST of the form: password, session, `last_login`), twenty a second
  whatever the last one took, while the service makes `printing`; the peer is the same login with nothing beside it, so
  the ratio is idle over busy, and the goal is idle / (1.2 × idle) = 0.83. `legacy_p99` is the login while the shop makes
  the report itself.

The shop and the service have a MariaDB each. Both are on this one machine, as nobody would have them; the service's
server and worker get what nobody else wants of the processors (SCHED_IDLE), which stands for the other machine; what they
take of the disk and of the memory's bandwidth is still the same machine's.
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

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, report, run_child
from tests.servers.processes import MariaDB

GOAL = 1 / 1.2
CHILD = "tests.bench.reporting_child"
WARM_UP_SECONDS = 2


def main() -> int:
    """Fill both databases, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with MariaDB() as shop_server, MariaDB() as service_server:
        shop = {
            "DJANGO_SETTINGS_MODULE": "monolith.settings.test",
            "DATABASE_URL": shop_server.create_database("bench_shop"),
        }
        service = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.reporting_settings",
            "REPORTING_DATABASE_URL": service_server.create_database("bench_reporting"),
            "BENCH_NICE": "19",
        }
        _put_last(service_server.pid)
        for environ in (shop, service):
            run_child(["-m", CHILD, "fill", str(options.users), str(options.orders)], env=environ)
        return report(_measured(shop, service, options))


def _measured(shop: Mapping[str, str], service: Mapping[str, str], options: argparse.Namespace) -> Figure:
    counts: dict[str, int] = {}

    def logins(beside: Mapping[str, str] | None, name: str) -> float:
        with _report(beside):
            got = run_child(["-m", CHILD, "login", str(options.seconds), str(options.users)], env=shop)
        counts[name] = int(got["logins"])
        return got["p99"]

    sides = {
        "idle": lambda: logins(None, "idle"),
        "extracted": lambda: logins(service, "extracted"),
        "legacy": lambda: logins(shop, "legacy"),
    }
    values = measure_alternating(sides, rounds=options.rounds, warmups=0)
    legacy = sorted(values["legacy"])[len(values["legacy"]) // 2]
    return compare(
        "reporting.login",
        ours=values["extracted"],
        peer=values["idle"],
        unit="ms",
        goal=GOAL,
        details={
            "peer_is": "the same login with no report beside it",
            "legacy_p99": round(legacy, 1),
            "users": options.users,
            "orders": options.orders,
            "logins": counts,
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


def _put_last(pid: int) -> None:
    """Let everybody else go first; a session's own group of the scheduler counts above what is nice within it."""
    os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))  # threads that it starts inherit it
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("19")


if __name__ == "__main__":
    sys.exit(main())
