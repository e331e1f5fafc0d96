"""Processes of services, started for the tests of one session."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strangler.errors import NotObservedError, ProcessError, TokenError
from strangler.shadow.asking import Line, Question
from strangler.shadow.sides import SANDBOX_PATH
from strangler.tokens import SANDBOX_HEADER, SHADOW_HEADER, read_sandbox, sign_shadow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from strangler.core.seams import Service

__tracebackhide__ = True  # a failure shows the line of the test, not ours

STARTING = timedelta(seconds=90)
"""Longest wait for a service; a busy machine migrates slowly."""

ANSWERING = timedelta(seconds=5)
"""Longest wait for a service that runs already."""

_STOPPING = timedelta(seconds=5)
_ONE_PROBE = timedelta(seconds=2)
_LINES = 25


@dataclass(slots=True, kw_only=True)
class RunningService:
    """A service that answers.

    Args:
        name: of the service.
        url: its base URL.
        is_ours: whether it is `strangler.testing.serve`, which answers to the host of Django's test client.
        log: where its process writes; None for one that somebody else runs.
        process: of the service, too.
    """

    name: str
    url: str
    is_ours: bool = False
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def read_log(self, *, since: int = 0) -> str:
        """Return what it wrote after the first *since* bytes."""
        return self.log.read_bytes()[since:].decode(errors="replace") if self.log is not None else ""

    def tail(self) -> str:
        """Return the last lines of what it wrote."""
        return "\n".join(self.read_log().splitlines()[-_LINES:])

    def stop(self) -> None:
        """End its process and those that it started."""
        if self.process is None:
            return
        for wanted in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, wanted)
            try:
                self.process.wait(timeout=_STOPPING.total_seconds())
            except subprocess.TimeoutExpired:
                continue
            break
        if self.process.stdin is not None:
            self.process.stdin.close()


def start(
    service: Service, *, root: Path, folder: Path, environment: Mapping[str, str], is_web: bool = False
) -> RunningService:
    """Start *service* and return it when it has acknowledged its sandbox.

    Args:
        service: of the topology.
        root: folder in which it is started.
        folder: for its database and its log.
        environment: on top of this process's.
        is_web: by the command `web` of the topology, instead of `strangler.testing.serve`.
    Raises: ProcessError: it ended, took too long, or has no sandbox; with the end of its log.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    database, log = folder / f"{service.name}.sqlite3", folder / f"{service.name}.log"
    variables = {
        service.database_variable: f"sqlite:///{database}",
        **environment,
        "DJANGO_SETTINGS_MODULE": service.settings,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(root), *sys.path])),
        "PYTHONUNBUFFERED": "1",
        "PORT": str(port),
    }
    is_own_database = service.database_variable not in environment
    handed: tuple[int, ...] = ()
    with listening:
        if is_web:
            _migrate(service, root=root, variables=variables, log=log)
            command = _web_command(service)
            listening.close()
        else:
            handed = (listening.fileno(),)
            command = _own_command(service, handed[0], database=str(database) if is_own_database else "")
        process = _popen(command, root=root, variables=variables, log=log, handed=handed)
    url = f"http://127.0.0.1:{port}"
    running = RunningService(name=service.name, url=url, is_ours=not is_web, log=log, process=process)
    try:
        await_sandbox(running, within=STARTING)
    except BaseException:
        running.stop()
        raise
    return running


def await_sandbox(running: RunningService, *, within: timedelta = ANSWERING) -> None:
    """Wait until *running* acknowledges its sandbox; raises ProcessError as `start` does."""
    line = Line(running.url, name=running.name)
    deadline = time.monotonic() + within.total_seconds()
    try:
        while True:
            if running.process is not None and running.process.poll() is not None:
                raise _failed(running, f"ended with exit code {running.process.returncode}")
            if _answers(running, line):
                return
            if time.monotonic() > deadline:
                raise _failed(running, f"did not answer at {running.url} within {within.total_seconds():g} s")
            time.sleep(0.05)
    finally:
        line.close()


def _answers(running: RunningService, line: Line) -> bool:
    """Whether it answers now; raises ProcessError if that is without the word of a sandbox."""
    headers = ((SHADOW_HEADER, sign_shadow("testing", audience=running.name)),)
    try:
        answer = line.ask(Question(method="GET", target=SANDBOX_PATH, headers=headers), timeout=_ONE_PROBE)
    except NotObservedError:
        return False
    try:
        read_sandbox(answer.get(SANDBOX_HEADER), audience=running.name)
    except TokenError as error:
        message = (
            f"answers with status {answer.status} and without the word of its sandbox: SandboxMiddleware has to be first "
            f'in its MIDDLEWARE, STRANGLER["SERVICE"] has to be {running.name!r}, and SIGNING_KEYS those of the monolith'
        )
        raise _failed(running, message) from error
    return True


def _failed(running: RunningService, what: str) -> ProcessError:
    said = running.tail()
    end = f"\nThe end of its log:\n{said}" if said else ""
    return ProcessError(f"Service {running.name!r} {what}.{end}", process=running.name)


def _own_command(service: Service, fd: int, *, database: str) -> list[str]:
    command = [sys.executable, "-m", "strangler.testing.serve", "--fd", str(fd), "--database", database]
    return [*command, "--variable", service.database_variable]


def _web_command(service: Service) -> list[str]:
    if "web" not in service.processes:
        message = f"Service {service.name!r} has no process `web` in the topology."
        raise ProcessError(message, process=service.name)
    return ["sh", "-c", f"exec {service.processes['web']}"]


def _migrate(service: Service, *, root: Path, variables: Mapping[str, str], log: Path) -> None:
    command = [sys.executable, "-m", "django", "migrate", "--noinput", "--verbosity", "0"]
    with _popen(command, root=root, variables=variables, log=log) as process:
        process.wait()
    if process.returncode != 0:
        raise _failed(
            RunningService(name=service.name, url="", log=log), f"failed at {shlex.join(command[1:])}"
        )


def _popen(
    command: list[str], *, root: Path, variables: Mapping[str, str], log: Path, handed: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(  # noqa: S603 - what the topology says, or ourselves
            command,
            cwd=root,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=handed,
            start_new_session=True,
        )
