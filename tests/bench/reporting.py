"""Measure logins while the heaviest report is made, by the shop itself and by the reporting service.

``python -m tests.bench.reporting [--users N] [--orders N] [--fill-seconds N] [--seconds N] [--phases N] [--rounds N]``;
needs MariaDB. It prints one JSON line.

- ``reporting.login``: p99 in milliseconds of a login (POST of the form: password, session, `last_login`) while the service
  makes `printing`; the peer is the same login with nothing beside it, so the ratio is idle over busy, and the goal is
  idle / (1.2 × idle) = 0.83. `legacy_p99` is the login while the shop makes the report itself. `noise` is what the machine
  does to the measurement: idle is measured twice, and this is how far apart both are (1.1: 10 %); `report_processors` is
  what the report had of the machine meanwhile.

Logins come at 35 % of the rate that the shop was seen to manage, whatever the last one took, and each counts from when it
was due. Idle and busy take turns of a few seconds, so that what the machine does to one of them it does to the other; the
service's server and worker are stopped (SIGSTOP) while it is idle, and go on where they were. A round has one p99 of all
of its turns. There are as many orders as can be filled in in the time for that; a report joins all of them. Passwords are
hashed with MD5, so that the login is what the database makes of it, and not half a second of computing that no report has
to do with.

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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Self

from tests.bench._harness import ROOT, Figure, compare, keep_on_disk, percentile, report, run_child
from tests.servers.processes import MariaDB

GOAL = 1 / 1.2
CHILD = "tests.bench.reporting_child"
SHARE = 0.35
"""Of the logins a second that the shop was seen to manage."""
WARM_UP_SECONDS = 2
SETTLE_SECONDS = 0.3
TICKS = os.sysconf("SC_CLK_TCK")


class Server(MariaDB):
    """A server with room for its tables, as one that has a machine of its own."""

    def command(self) -> list[str]:
        """Return the command; what is said last counts."""
        return [*super().command(), "--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]


class Child:
    """A process of `tests.bench.reporting_child` that says a line of JSON when it is asked to, or has begun."""

    def __init__(self, *arguments: str, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", CHILD, *arguments],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def ask(self, **what: float) -> list[float]:
        """Say *what* it should do, and return its answer."""
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def hear(self) -> list[float]:
        """Return what it says next."""
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a child of the benchmark ended with {self.process.wait()}")
        return json.loads(line)


class Beside:
    """The service's server and worker: they compute while the block runs, and stand still otherwise."""

    def __init__(self, *, server: MariaDB, worker: Child) -> None:
        self._server, self._worker = server, worker
        self.seconds = self.computed = 0.0

    def stop(self) -> None:
        """Have both stand still."""
        self._worker.process.send_signal(signal.SIGSTOP)
        self._server.freeze()
        time.sleep(SETTLE_SECONDS)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Have both go on, note what they take of the processors, and stop them again."""
        before = self._computed()
        self._server.thaw()
        self._worker.process.send_signal(signal.SIGCONT)
        began = time.monotonic()
        time.sleep(SETTLE_SECONDS)
        yield
        if self._worker.process.poll() is not None:
            raise SystemExit(f"the report ended with {self._worker.process.returncode}")
        self.seconds += time.monotonic() - began
        self.stop()
        self.computed += self._computed() - before

    def _computed(self) -> float:
        """Return the seconds of processors that both have used so far."""
        stats = [
            Path(f"/proc/{pid}/stat").read_text() for pid in (self._server.pid, self._worker.process.pid)
        ]
        return sum(int(each) for stat in stats for each in stat.rpartition(")")[2].split()[11:13]) / TICKS


def main() -> int:
    """Fill both databases, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=5_000_000, help="at most")
    parser.add_argument("--fill-seconds", type=int, default=180, help="for the shop's orders")
    parser.add_argument("--seconds", type=float, default=4, help="of each turn")
    parser.add_argument("--phases", type=int, default=6, help="turns of each kind in a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    keep_on_disk()
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
        with Child("visit", str(options.users), environ=shop) as visitors:
            return report(_measured(visitors, shop, service, service_server, options))


def _fill(shop: Mapping[str, str], service: Mapping[str, str], options: argparse.Namespace) -> None:
    """Fill the shop as far as the time allows, and the service with just as much."""
    fill = ["-m", CHILD, "fill", str(options.users)]
    got = run_child([*fill, str(options.orders), str(options.fill_seconds)], env=shop)
    options.orders = int(got["orders"])
    run_child([*fill, str(options.orders), "0"], env=service)


def _measured(
    visitors: Child,
    shop: Mapping[str, str],
    service: Mapping[str, str],
    server: MariaDB,
    options: argparse.Namespace,
) -> Figure:
    turn = {"rate": _rate(visitors, seconds=options.seconds), "seconds": options.seconds}
    took: dict[str, list[list[float]]] = {}
    with Child("report", environ=service) as worker:
        _put_last(worker.process.pid)
        worker.hear()  # it has begun
        time.sleep(WARM_UP_SECONDS)
        beside = Beside(server=server, worker=worker)
        beside.stop()
        for _ in range(options.rounds):
            for name, some in _round(visitors, beside, turn, phases=options.phases).items():
                took.setdefault(name, []).append(some)
        server.thaw()
    for _ in range(options.rounds):
        with _legacy_report(shop):
            took.setdefault("legacy", []).append(visitors.ask(**turn))
    return _figure(took, beside, turn, options)


def _rate(visitors: Child, *, seconds: float) -> float:
    """Return how many logins a second come: a share of what was managed one after the other, at the second try."""
    managed = [len(visitors.ask(rate=0, seconds=seconds)) / seconds for _ in range(2)]
    return SHARE * managed[-1]


def _round(
    visitors: Child, beside: Beside, turn: Mapping[str, float], *, phases: int
) -> dict[str, list[float]]:
    """Return what logins took while idle, while idle again and while the service makes the report, in turns."""
    names = ["idle", "extracted", "idle again"]
    took: dict[str, list[float]] = {name: [] for name in names}
    for phase in range(phases):
        first = phase % len(names)
        for name in names[first:] + names[:first]:
            if name == "extracted":
                with beside.going_on():
                    took[name] += visitors.ask(**turn)
            else:
                took[name] += visitors.ask(**turn)
    return took


@contextmanager
def _legacy_report(shop: Mapping[str, str]) -> Iterator[None]:
    """Have the shop make the report while the block runs."""
    with Child("report", environ=shop) as maker:
        maker.hear()
        time.sleep(WARM_UP_SECONDS)
        yield
        if maker.process.poll() is not None:
            raise SystemExit(f"the shop's report ended with {maker.process.returncode}")
    run_child(["-m", CHILD, "hush"], env=shop)


def _figure(
    took: Mapping[str, Sequence[Sequence[float]]],
    beside: Beside,
    turn: Mapping[str, float],
    options: argparse.Namespace,
) -> Figure:
    p99 = {name: [percentile(some, percent=99) for some in rounds] for name, rounds in took.items()}
    p50 = {name: round(median(each for some in rounds for each in some), 1) for name, rounds in took.items()}
    noise = [max(one / other, other / one) for one, other in zip(p99["idle"], p99["idle again"], strict=True)]
    return compare(
        "reporting.login",
        ours=p99["extracted"],
        peer=p99["idle"],
        unit="ms",
        goal=GOAL,
        details={
            "peer_is": "the same login with no report beside it",
            "legacy_p99": round(median(p99["legacy"]), 1),
            "noise": round(median(noise), 2),
            "report_processors": round(beside.computed / beside.seconds, 2),
            "users": options.users,
            "orders": options.orders,
            "logins_per_second": round(turn["rate"], 1),
            "logins": {name: sum(map(len, rounds)) for name, rounds in took.items()},
            "p50": p50,
            "p99": {name: [round(each, 1) for each in some] for name, some in p99.items()},
        },
    )


def _put_last(pid: int) -> None:
    """Let everybody else go first; a session's own group of the scheduler counts above what is nice within it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():  # those that they start inherit it
        os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("19")


if __name__ == "__main__":
    sys.exit(main())
