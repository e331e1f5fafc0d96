"""The email service as it runs in production, in processes of its own: workers on several addresses, and beat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from strangler.forking import Forked, popen
from strangler.testing import Commands
from tests.servers.signals import sigkill, sigstop
from tests.servers.smtp import FakeSMTP

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "extracted.email.settings"

_SUBMIT = """
import json, sys
from extracted.email.intake import take
from extracted.email.models import Source
from extracted.email.submission import parse
for body in json.loads(sys.stdin.read()):
    taken = take(parse(body), source=Source.TASK)
    print(json.dumps([str(taken.message.pk), taken.message.message_id]))
"""
_ROWS = """
import json
from extracted.email.models import Message
print(json.dumps([
    {"message_id": row.message_id, "to": row.recipients.get().address, "state": row.state,
     "attempts": row.attempts, "doubts": row.doubts, "reason": row.reason,
     "outcomes": list(row.tries.values_list("outcome", flat=True))}
    for row in Message.objects.prefetch_related("recipients")
]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the service knows about a message."""

    message_id: str
    to: str
    state: str
    attempts: int
    doubts: int
    reason: str
    outcomes: list[str]


class EmailStack:
    """Starts and ends the processes; `environ` is on top of settings that make retries and leases short."""

    def __init__(self, folder: Path, *, database: str, broker: str, smtp: FakeSMTP, **environ: str) -> None:
        self.folder = folder
        self.smtp = smtp
        self.processes: list[Forked] = []
        self.environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "EMAIL_DATABASE_URL": database,
            "BROKER_URL": broker,
            "EMAIL_URL": smtp.url,
            "EMAIL_FIRST_WAIT_SECONDS": "0.3",
            "EMAIL_RESEND_AFTER_SECONDS": "2",
            "EMAIL_TIMEOUT_SECONDS": "30",
            "EMAIL_FINAL_REPLY_SECONDS": "30",
            "EMAIL_TIME_LIMIT_SECONDS": "3",
            "EMAIL_KILL_AFTER_SECONDS": "1",
            **environ,
        }
        self._commands = Commands(self.environ)
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments: str, given: str = "") -> str:
        """Run manage.py of the service and return what it prints."""
        result = self._commands.run(*arguments, given=given)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def submit(self, *addresses: str) -> dict[str, str]:
        """Take one message for each address and return their Message-IDs."""
        context = {"user": {"username": "ann", "first_name": "Ann"}}
        bodies = [
            {"template": "welcome", "to": [address], "context": context, "business_id": f"welcome:{address}"}
            for address in addresses
        ]
        output = self.manage("shell", "--verbosity=0", "--command", _SUBMIT, given=json.dumps(bodies))
        pairs = [json.loads(line) for line in output.splitlines() if line.startswith("[")]
        return dict(zip(addresses, (message_id for _, message_id in pairs), strict=True))

    def rows(self) -> dict[str, Row]:
        """Return what the service knows, by address."""
        output = self.manage("shell", "--verbosity=0", "--command", _ROWS)
        rows = [Row(**each) for each in json.loads(output.splitlines()[-1])]
        return {row.to: row for row in rows}

    def worker(self, name: str, *, address: str = "127.0.0.1", concurrency: int = 2) -> Forked:
        """Start the workers of one host, whose SMTP connections come from *address*; return when they are ready."""
        options = ["--concurrency", str(concurrency), "--hostname", f"{name}@localhost", "--without-gossip"]
        process = self._start(
            name, "worker", "-Q", "email", "--loglevel", "INFO", *options, EMAIL_SOURCE_ADDRESS=address
        )
        self.wait_until(lambda: b" ready." in (self.folder / f"{name}.log").read_bytes(), "a worker")
        return process

    def beat(self) -> None:
        """Start beat, which announces what is overdue."""
        self._start("beat", "beat", "--schedule", str(self.folder / "beat"), "--pidfile=")

    def wait_until(self, condition: Callable[[], object], what: str, *, seconds: float = 40) -> None:
        """Wait for *condition*; fail with the end of every log if it does not come true."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
                raise AssertionError(f"{what} did not come\n{logs}")
            time.sleep(0.05)

    def wait_for_end(self, *, seconds: float = 40) -> dict[str, Row]:
        """Return the rows as soon as nothing more will happen to any message."""
        found: dict[str, Row] = {}

        def is_over() -> bool:
            found.update(self.rows())
            return all(row.state in ("sent", "failed", "suppressed") for row in found.values())

        self.wait_until(is_over, "the end of every message", seconds=seconds)
        return found

    def stop(self) -> None:
        """End everything that still runs."""
        for process in self.processes:
            if process.poll() is None:
                sigkill(process.pid)
            process.wait()
        self._commands.close()

    def freeze(self, process: Forked) -> None:
        """Stop the processes of one host without ending them."""
        sigstop(process.pid)

    def _start(self, name: str, *command: str, **environ: str) -> Forked:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = popen(
                [sys.executable, "-m", "celery", "-A", "extracted.email", *command],
                cwd=ROOT,
                env={**self.environ, **environ},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process


def end_in_order(process: Forked) -> None:
    """Ask a worker to finish what it is at, and wait for it."""
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=20)
