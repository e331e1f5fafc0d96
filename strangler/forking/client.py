"""Processes of Python forked from one that has the libraries loaded, for whoever would start them with `subprocess`.

Python's start and the imports of Django, Celery and a web server are one to three seconds of computing; a fork takes a hundredth.
What is started is a process of its own all the same, with its own memory, connections, signals and end.

The process that forks is started by the first who asks, and ends with this one.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from multiprocessing.connection import wait
from typing import IO, TYPE_CHECKING, Any, Self

from strangler.errors import ProcessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _typeshed import StrPath

    File = int | IO[Any] | None

SERVER = "strangler.forking.server"
SHARED = "STRANGLER_FORKER"
"""Environment variable with the number of a file: orders to a process that forks, which somebody else has started."""

_POLL = 0.2


class Forked:
    """A running process; its attributes and methods are those of `subprocess.Popen`, as far as they are here."""

    def __init__(
        self,
        args: Sequence[str],
        *,
        answers: socket.socket,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        """Wait for its process id; raises ProcessError if the process that forks has ended."""
        self.args = list(args)
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.returncode: int | None = None
        self._answers = answers
        self._lock = threading.Lock()
        said, _, number = _line(answers).partition(" ")
        if said != "pid":
            raise ProcessError("It could not be forked; what was printed above says why.", process=args[0])
        self.pid = int(number)

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or None while it runs."""
        with self._lock:
            if self.returncode is None and wait([self._answers], 0):
                said, _, number = _line(self._answers).partition(" ")
                self.returncode = int(number) if said else -signal.SIGKILL
                self._forget()
        return self.returncode

    def _forget(self) -> None:
        """Let go of the process id, which may be another's then."""
        with suppress(OSError):
            self._answers.shutdown(socket.SHUT_WR)
            self._answers.recv(1)
        self._answers.close()

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status when it has ended; raises `subprocess.TimeoutExpired` after *timeout* seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            left = _POLL if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            with suppress(OSError, ValueError):  # another thread was told meanwhile
                wait([self._answers], min(left, _POLL))
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """Return what is to be read from its pipes, None where there is nothing, when it has ended; raises as `wait` does."""
        if self.stdin is not None:
            self.stdin.close()
        said: list[Any] = [None, None]
        readers = [
            threading.Thread(target=_read, args=(pipe, said, number), daemon=True)
            for number, pipe in enumerate((self.stdout, self.stderr))
            if pipe is not None and not pipe.closed
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(timeout)
        return said[0], said[1]

    def __enter__(self) -> Self:
        """Close its pipes and wait for it behind a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its pipes and wait for it behind a ``with`` block."""
        for pipe in (self.stdin, self.stdout, self.stderr):
            if pipe is not None:
                pipe.close()
        self.wait()


def _line(answers: socket.socket) -> str:
    """Read one line and nothing of the next, which `wait` has to see; empty if there is none any more."""
    line = b""
    with suppress(ConnectionResetError):
        while not line.endswith(b"\n") and (byte := answers.recv(1)):
            line += byte
    return line.decode()


def _read(pipe: IO[Any], said: list[Any], number: int) -> None:
    with pipe:
        said[number] = pipe.read()


class Forker:
    """Whoever takes orders at the other end of a socket: see `strangler.forking.server`."""

    def __init__(
        self, orders: socket.socket, process: Forked | subprocess.Popen[bytes] | None = None
    ) -> None:
        """Order on *orders*; *process* is what is at the other end if it is ours, and ends with us."""
        self._orders = orders
        self._process = process
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the process that forks; those that it forked go on."""
        self._orders.close()
        if self._process is not None:
            self._process.wait()

    def sharing(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Return options for `start` of a process in *environ* whose `forker` shall be this one, too."""
        number = self._orders.fileno()
        return {"env": {**environ, SHARED: str(number)}, "pass_fds": [number]}

    def start(  # noqa: PLR0913 - those of `subprocess.Popen`
        self,
        argv: Sequence[StrPath],
        *,
        env: Mapping[str, str] | None = None,
        cwd: StrPath | None = None,
        stdin: File = None,
        stdout: File = None,
        stderr: File = None,
        text: bool = False,
        start_new_session: bool = False,
        pass_fds: Sequence[int] = (),
        niceness: int = 0,
    ) -> Forked:
        """Start Python with *argv*, as `subprocess.Popen` starts `[sys.executable, *argv]`; *niceness* is added to ours."""
        words = [os.fspath(word) for word in argv]
        order = {
            "argv": words,
            "environ": dict(os.environ if env is None else env),
            "folder": os.path.abspath(cwd or "."),  # noqa: PTH100 - a link stays what it is called
            "is_leader": start_new_session,
            "handed": list(pass_fds),
            "niceness": niceness,
        }
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as opened:
            pipes = _Pipes(opened, text=text)
            files = [pipes.reading(stdin), pipes.writing(1, stdout), pipes.writing(2, stderr)]
            with self._lock:
                socket.send_fds(self._orders, [b"+"], [theirs.fileno(), *files, *pass_fds])
        ours.sendall(json.dumps(order).encode() + b"\n")
        return Forked(words, answers=ours, **pipes.ours)


class _Pipes:
    """The files of a new process, and our ends of those that are pipes."""

    def __init__(self, opened: ExitStack, *, text: bool) -> None:
        self.ours: dict[str, IO[Any]] = {}
        self._opened, self._text = opened, text
        self._files: dict[int, int] = {}

    def reading(self, wanted: File) -> int:
        if wanted != subprocess.PIPE:
            return self._file(0, wanted)
        theirs, ours = os.pipe()
        self._opened.callback(os.close, theirs)
        self.ours["stdin"] = os.fdopen(ours, "w" if self._text else "wb")
        return theirs

    def writing(self, number: int, wanted: File) -> int:
        if wanted == subprocess.STDOUT:
            return self._files[1]
        if wanted != subprocess.PIPE:
            return self._file(number, wanted)
        ours, theirs = os.pipe()
        self._opened.callback(os.close, theirs)
        self.ours["stdout" if number == 1 else "stderr"] = os.fdopen(ours, "r" if self._text else "rb")
        self._files[number] = theirs
        return theirs

    def _file(self, number: int, wanted: File) -> int:
        if wanted == subprocess.DEVNULL:
            wanted = self._opened.enter_context(open(os.devnull, "r+b"))  # noqa: PTH123, SIM115
        self._files[number] = (
            number if wanted is None else wanted if isinstance(wanted, int) else wanted.fileno()
        )
        return self._files[number]


_forkers: dict[int, Forker] = {}
_lock = threading.Lock()


def forker() -> Forker:
    """Return the process that forks for this one: one that is shared with it, or its own, which starts the first time."""
    with _lock:
        found = _forkers.get(os.getpid())  # a child of this process makes its own
        if found is None:
            shared = os.environ.pop(SHARED, "")  # the file is not inherited any further
            found = Forker(socket.socket(fileno=int(shared))) if shared else start_forker()
            _forkers[os.getpid()] = found
            atexit.register(found.close)
        return found


def start_forker(*libraries: str) -> Forker:
    """Start a process that forks and has *libraries* imported, too; close it, or it ends with this one."""
    ours, theirs = socket.socketpair()
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", SERVER, str(theirs.fileno()), *libraries],
            stdin=subprocess.DEVNULL,
            env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=[theirs.fileno()],
        )
    return Forker(ours, process)


def popen(command: Sequence[StrPath], **options: Any) -> Forked:
    """Start *command* as `subprocess.Popen` does; it has to begin with `sys.executable`. See `Forker.start`."""
    return forker().start(_after_python(command), **options)


def run(
    command: Sequence[StrPath],
    *,
    env: Mapping[str, str] | None = None,
    cwd: StrPath | None = None,
    check: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run *command* as `subprocess.run` does with `capture_output` and `text`; it has to begin with `sys.executable`."""
    done = completed(forker(), _after_python(command), env=env, cwd=cwd)
    if check and done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done


def completed(
    forker: Forker,
    argv: Sequence[StrPath],
    *,
    env: Mapping[str, str] | None = None,
    cwd: StrPath | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run Python with *argv*, *given* as its input, and return what `subprocess.run` would."""
    with ExitStack() as files:
        stdin, stdout, stderr = (
            files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _ in range(3)
        )
        stdin.write(given)
        stdin.seek(0)
        process = forker.start(argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr)
        status = process.wait()
        for file in (stdout, stderr):
            file.seek(0)
        return subprocess.CompletedProcess(process.args, status, stdout.read(), stderr.read())


def _after_python(command: Sequence[StrPath]) -> Sequence[StrPath]:
    if os.fspath(command[0]) != sys.executable:
        message = f"{os.fspath(command[0])!r} is not this Python, which alone can be forked."
        raise ProcessError(message, process=os.fspath(command[0]))
    return command[1:]
