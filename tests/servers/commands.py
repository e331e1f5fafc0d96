"""Run the commands of a project, each in a process forked from one that has the project loaded already.

A command is as much of its own as with `subprocess.run`: it has its own memory, connections, output and end. Only
Python's start, the imports and `django.setup()` are done once: a second of computing for each command otherwise.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

import django
from django.core.checks import run_checks
from django.core.management import execute_from_command_line, get_commands, load_command_class

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]


class Commands:
    """A project in the given environment. Nothing runs before the first command.

    Args:
        environ: names the settings, and all that they read.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._loaded: subprocess.Popen[str] | None = None

    def run(self, *argv: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with *argv*, *given* as its input, and return what `subprocess.run` would."""
        with tempfile.TemporaryDirectory(prefix="strangler-command-") as folder, self._lock:
            files = {name: Path(folder, name) for name in ("stdin", "stdout", "stderr")}
            files["stdin"].write_text(given)
            order = {"argv": argv, "files": [str(path) for path in files.values()]}
            loaded = self._load()
            assert loaded.stdin is not None
            assert loaded.stdout is not None
            loaded.stdin.write(json.dumps(order) + "\n")
            loaded.stdin.flush()
            answer = loaded.stdout.readline()
            assert answer, f"the project can't be loaded, or ended: exit status {loaded.wait()}"
            said = {
                name: path.read_text() for name, path in files.items() if name != "stdin" and path.exists()
            }
        return subprocess.CompletedProcess(argv, json.loads(answer), said["stdout"], said["stderr"])

    def close(self) -> None:
        """End the process that has the project loaded."""
        if self._loaded is not None:
            self._loaded.communicate()
            self._loaded = None

    def __enter__(self) -> Self:
        """Close behind a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close behind a ``with`` block."""
        self.close()

    def _load(self) -> subprocess.Popen[str]:
        if self._loaded is None:
            self._loaded = subprocess.Popen(
                [sys.executable, "-m", "tests.servers.commands"],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._loaded


def main() -> None:
    """Load the project, and fork for each order that comes in: its arguments, and the files of its input and output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the project prints while it loads is no answer
    load()
    gc.freeze()  # what is there for ever needs no look by the collector, which would copy its memory
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            work(order["argv"], order["files"])
            return
        answer(os.waitpid(child, 0)[1], answers)


def load() -> None:
    """Load the project, and what most commands load after that: URLs for the system checks, the verbs of the command."""
    django.setup()
    run_checks()
    with suppress(ImportError):
        import kombu.connection  # noqa: F401, PLC0415 - of an extra
    if "strangler" in get_commands():
        load_command_class("strangler", "strangler").create_parser("manage.py", "strangler")


def answer(status: int, answers: TextIO) -> None:
    """Tell how a command ended, as `subprocess` says it."""
    print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def work(argv: list[str], files: list[str]) -> None:
    """Run one command in this process, which ends with it as any other does."""
    for number, (path, flags) in enumerate(
        zip(files, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)
    ):
        os.dup2(os.open(path, flags), number)
    sys.stdin = open(0)  # noqa: SIM115 - the old one holds what was read of the orders
    execute_from_command_line(["manage.py", *argv])


if __name__ == "__main__":
    main()
