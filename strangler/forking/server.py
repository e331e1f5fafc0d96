"""A process that has the libraries of a project loaded, and forks for whoever wants to run Python with them.

Run as `python -m strangler.forking.server FD [LIBRARY…]`, with a socket for orders; with `--project` it loads the project of its
environment instead of libraries. It opens no connection and starts no thread, so that what it forks starts with nothing of another's.

An order is one byte on that socket with the files of the new process: a socket of the order's own, standard input, output
and error, and those to be handed on. On its own socket follows a line of JSON; the answers are the line `pid N` as soon as the process is
what was ordered, and `status N` when it has ended. Until the other end of the socket is closed, an ended process keeps its id.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import io
import json
import os
import runpy
import signal
import socket
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any

import django
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, get_commands, load_command_class

import strangler

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = (
    "django.contrib.admin",
    "django.contrib.auth.hashers",
    "django.core.handlers.asgi",
    "django.core.management.commands.makemigrations",
    "django.core.management.commands.migrate",
    "django.db.backends.mysql.base",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.forms",
    "django.template.loader",
    "django.test",
    "django.views.debug",
    "celery.app.base",
    "celery.apps.beat",
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "gunicorn.app.wsgiapp",
    "environ",
    "fpdf",
    "gunicorn.workers.gthread",
    "jsonschema",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "PIL.ImageFilter",
    "PIL.ImageOps",
    "PIL.JpegImagePlugin",
    "pydantic",
    "redis",
    "requests",
    "rich.console",
    "rich.progress",
    "sqlglot.dialects",
    "uvicorn.main",
    "whitenoise.middleware",
)
"""What takes the longest to import, reads no settings and changes nothing for others; those that are not installed are left out."""

NOT_PRELOADED = (
    "strangler.cli.up",
    "strangler.forking",
    "strangler.isolation.testing",  # for pytest alone, as the last one
    "strangler.management",
    "strangler.testing",
)

MOST_FILES = 32
_ABOVE = 200  # numbers that no file is asked to have
_NOT_FLUSHED = 120  # exit status of Python


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run.

    Args:
        argv: as after `python`: `-m MODULE …`, `-c PROGRAM …`, or a script; a `manage.py` that is not there is Django's own.
        environ: the whole environment; Python's own variables count as far as `PYTHONPATH`, `PYTHONUNBUFFERED`, `PYTHONWARNINGS`.
        folder: to run in.
        is_leader: of a session of its own.
        handed: numbers of the files it is given besides standard input, output and error.
        niceness: added to that of whoever forks.
    """

    argv: list[str]
    environ: dict[str, str]
    folder: str
    is_leader: bool
    handed: list[int]
    niceness: int


def main(arguments: list[str]) -> None:
    """Load the libraries, or the project with `--project`, and fork for the orders that come in."""
    orders = socket.socket(fileno=int(arguments[0]))
    if arguments[1:] == ["--project"]:
        _load_project()
    else:
        load_libraries(*arguments[1:])
    gc.freeze()  # what is there for ever needs no look by the collector, which would copy its memory
    order = serve(orders)
    if order is not None:
        _end(order)


def load_libraries(*more: str) -> None:
    """Import `LIBRARIES`, *more*, and what of the toolkit asks for no settings."""
    for name in (*LIBRARIES, *more, *_toolkit()):
        with suppress(ImportError, ImproperlyConfigured):  # the latter for settings, and for a driver
            import_module(name)


def _toolkit() -> Iterator[str]:
    """Yield the modules of the toolkit, but for those that bring pytest."""
    for module in walk_packages(strangler.__path__, "strangler.", onerror=lambda _: None):
        if not module.name.startswith(NOT_PRELOADED) and ".migrations" not in module.name:
            yield module.name


def _load_project() -> None:
    django.setup()
    run_checks()  # imports the URLs, for one
    if "strangler" in get_commands():
        load_command_class("strangler", "strangler").create_parser("manage.py", "strangler")


def serve(orders: socket.socket) -> Order | None:
    """Fork for each order, and return it in the new process; None in this one, when nobody is there to order any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who ordered
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        byte, files, _, _ = socket.recv_fds(orders, 1, MOST_FILES)
        if not byte:
            return None
        if not os.fork():
            orders.close()
            return _begin(files)
        for file in files:
            os.close(file)


def _reap(*_: object) -> None:
    """Collect those that ended, which adds their processor time to this process's own."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _begin(files: list[int]) -> Order:
    """Fork once more: the child returns with its order, the parent tells how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=files[0]) as answers:
        order = Order(**json.loads(answers.makefile().readline()))
        child = os.fork()
        if child:
            _watch(child, answers, files[1:])
        _take(order, files[1:])
        answers.sendall(f"pid {os.getpid()}\n".encode())
    return order


def _watch(child: int, answers: socket.socket, files: list[int]) -> None:
    for file in (0, 1, 2, *files):
        os.close(file)
    with suppress(OSError):  # whoever ordered is gone
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # noqa: S101 - only with WNOHANG
        is_exit = ended.si_code == os.CLD_EXITED
        answers.sendall(f"status {ended.si_status if is_exit else -ended.si_status}\n".encode())
        answers.recv(1)
    os.waitpid(child, 0)
    os._exit(0)


def _take(order: Order, files: list[int]) -> None:
    """Make this process what the order says."""
    if order.is_leader:
        os.setsid()
    os.nice(order.niceness)
    above = [fcntl.fcntl(file, fcntl.F_DUPFD, _ABOVE) for file in files]
    for file in files:
        os.close(file)
    for number, file in zip((0, 1, 2, *order.handed), above, strict=True):
        os.dup2(file, number, inheritable=True)
        os.close(file)
    os.environ.clear()
    os.environ.update(order.environ)
    os.chdir(order.folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as it runs
    _heed_environment()


def _heed_environment() -> None:
    """Do what Python does at its start for the variables that may differ from one order to another."""
    added = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path.extend(path for path in added if path not in sys.path)
    if os.environ.get("PYTHONUNBUFFERED"):
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(write_through=True)
    for rule in filter(None, os.environ.get("PYTHONWARNINGS", "").split(",")):
        action: Any = rule.partition(":")[0]
        warnings.simplefilter(action)


def _end(order: Order) -> None:
    """Run what was ordered, and end this process as Python does, but for taking apart what is loaded.

    That would touch, and so copy, all that it shares with whoever forked it: a seventh of a second of computing.
    """
    status: object = None
    try:
        run(order)
    except SystemExit as ended:
        status = ended.code
    if status is not None and not isinstance(status, int):
        print(status, file=sys.stderr)  # noqa: T201 - as Python does
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for the threads that are no daemons
    atexit._run_exitfuncs()  # noqa: SLF001 - nothing else runs them and returns
    os._exit(_flushed(status or 0) & 0xFF)


def _flushed(status: int) -> int:
    """Write what is left to be written, and return *status*; that of Python for a pipe that nobody reads, if it is."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return _NOT_FLUSHED
    return status


def run(order: Order) -> None:
    """Run what was ordered in this process."""
    match order.argv:
        case ["-m", module, *rest]:
            sys.path[0], sys.argv = order.folder, [module, *rest]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", program, *rest]:
            sys.path[0], sys.argv = "", ["-c", *rest]
            exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - as Python does
        case ["manage.py", *_] if not Path("manage.py").is_file():
            sys.path[0], sys.argv = order.folder, order.argv
            execute_from_command_line(order.argv)
        case [script, *rest]:
            sys.path[0], sys.argv = str(Path(script).resolve().parent), [script, *rest]
            runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
