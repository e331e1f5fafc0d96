"""Run the shop, the service, and what an operator types, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from strangler.forking import Forked, popen
from strangler.testing import Commands

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
SITE = "tests.integration.calls.site"
TOPOLOGY = """
[monolith]
settings = "tests.integration.calls.site.shop.settings"

[services.reports]
settings = "tests.integration.calls.site.reports.settings"

[services.reports.processes]
worker = "celery -A tests.integration.calls.site.reports worker"

[[services.reports.calls]]
name = "reports.nightly"
task = "reports.nightly"
queue = "@QUEUE@"
aliases = ["shop.nightly"]

[[services.reports.calls]]
name = "reports.flaky"
task = "reports.flaky"
queue = "@QUEUE@"
aliases = ["shop.flaky"]

[[services.reports.calls]]
name = "reports.stock"
task = "reports.stock"
queue = "@QUEUE@"
aliases = ["shop.stock"]

[[services.reports.calls]]
name = "reports.take"
task = "reports.take"
queue = "@QUEUE@"
aliases = ["shop.take"]

[[services.reports.calls]]
name = "reports.file"
task = "reports.file"
queue = "@QUEUE@"
home = "@HOME@"

[services.reports.move]
tables = ["stock"]
"""


class Site:
    """A monolith and a service on one broker, with queues of their own names.

    Args:
        broker: URL of the broker.
        results: URL of a Redis for results, which chords need.
    """

    def __init__(self, *, broker: str, results: str) -> None:
        mark = uuid4().hex[:8]
        self.shop_queue, self.service_queue = f"shop-{mark}", f"reports-{mark}"
        self.state = Path(tempfile.mkdtemp(prefix="strangler-calls-"))
        topology = TOPOLOGY.replace("@QUEUE@", self.service_queue).replace("@HOME@", self.shop_queue)
        (self.state / "strangler.toml").write_text(topology)
        self.ledger = self.state / "ledger"
        self.ledger.touch()
        self._stack = ExitStack()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "SITE_DATABASE": f"sqlite:///{self.state}/shop.sqlite3",
            "REPORTS_DATABASE_URL": f"sqlite:///{self.state}/reports.sqlite3",
            "SITE_TOPOLOGY": str(self.state / "strangler.toml"),
            "SITE_LEDGER": str(self.ledger),
            "SITE_BROKER": broker,
            "BROKER_URL": broker,
            "SITE_RESULTS": results,
            "SITE_SHOP_QUEUE": self.shop_queue,
            "SITE_SERVICE_QUEUE": self.service_queue,
        }

        self._service_commands: Commands | None = None
        self._commands = self._stack.enter_context(
            Commands({**self.environment, "DJANGO_SETTINGS_MODULE": f"{SITE}.shop.settings"})
        )

    def __enter__(self) -> Self:
        self.run("migrate", "-v0")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, *arguments: str) -> str:
        """Run a management command of the shop and return what it prints."""
        done = self._commands.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_in_service(self, *arguments: str) -> str:
        """Run a management command of the service and return what it prints."""
        if self._service_commands is None:
            settings = {"DJANGO_SETTINGS_MODULE": f"{SITE}.reports.settings"}
            self._service_commands = self._stack.enter_context(Commands({**self.environment, **settings}))
        done = self._service_commands.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> Forked:
        """Start a management command of the shop; it ends with the site."""
        settings = {"DJANGO_SETTINGS_MODULE": f"{SITE}.shop.settings"}
        return self._start("command", ["-m", "django", *arguments], {**self.environment, **settings})

    def work(self, side: str) -> Forked:
        """Start a worker of the shop or the service; it ends with the site."""
        module, queue = {
            "legacy": (f"{SITE}.shop", self.shop_queue),
            "service": (f"{SITE}.reports", self.service_queue),
        }[side]
        command = ["-m", "celery", "-A", module, "worker", "-Q", queue]
        command += ["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        command += ["--hostname", f"{side}-{uuid4().hex[:6]}@localhost"]
        return self._start(side, command, self.environment)

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> Forked:
        with (self.state / f"{name}.log").open("a") as log:
            process = popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._stack.callback(stop, process)
        return process

    def publish(self, prefix: str, *, rate: float) -> Sending:
        """Begin to send jobs in every way, *rate* per second, until the sending is finished."""
        return Sending(self, prefix, rate=rate)

    def send(self, canvas: str) -> None:
        """Send one canvas of the shop's tasks, as an expression of Python."""
        self.run(
            "shell",
            "-c",
            f"from celery import chain, group\nfrom {SITE}.shop.tasks import note, stock, take\n{canvas}.apply_async()",
        )

    def shell(self, code: str) -> None:
        """Run Python code in the shop, within a transaction."""
        self.run("shell", "-c", _within_transaction(f"from {SITE}.shop.tasks import file", code))

    def shell_in_service(self, code: str) -> None:
        """Run Python code in the service, within a transaction."""
        self.run_in_service("shell", "-c", _within_transaction("", code))

    def flight(self, seam: str) -> dict[str, Any]:
        """Return what `strangler status` says is in flight."""
        seams = json.loads(self.run("strangler", "status", "--format", "json"))["seams"]
        return dict(seams[seam]["in_flight"])

    def wait_until(self, is_true: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until something is true, and fail if it does not come to pass."""
        until = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < until, self.sides()
            time.sleep(0.1)

    def done(self) -> Counter[str]:
        """Return the executions so far, without their sides."""
        return Counter(line.partition(" ")[2] for line in self.ledger.read_text().splitlines())

    def sides(self) -> Counter[str]:
        """Return how many executions each side had."""
        return Counter(line.partition(" ")[0] for line in self.ledger.read_text().splitlines())

    def wait_for(self, expected: Counter[str], *, seconds: float) -> Counter[str]:
        """Return what was done once it is as much as *expected*, or after *seconds*."""
        until = time.monotonic() + seconds
        while self.done().total() < expected.total() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)  # what comes twice would come now
        return self.done()

    def log(self, side: str) -> str:
        """Return what the workers of a side printed."""
        return (self.state / f"{side}.log").read_text()


class Sending:
    """A process that sends jobs until it is told to finish."""

    def __init__(self, site: Site, prefix: str, *, rate: float) -> None:
        self._stop = site.state / f"stop-{prefix}"
        command = [sys.executable, "-m", f"{SITE}.shop.publisher", prefix, str(rate), str(self._stop)]
        self._process = popen(command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, text=True)

    def finish(self) -> Counter[str]:
        """Send no more, and return the executions that must follow from what was sent."""
        self._stop.touch()
        printed, _ = self._process.communicate(timeout=30)
        assert self._process.returncode == 0
        return Counter(printed.splitlines())


def _within_transaction(imports: str, code: str) -> str:
    begin = (
        "from django.db import transaction\nfrom strangler import outbox\nwith transaction.atomic():\n    "
    )
    return f"{imports}\n{begin}{code}"


def stop(process: Forked) -> None:
    """End a worker and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
