"""Run processes together: one log, and when one ends all of them end.

Built from honcho's Process and Printer. Its Manager is not used: it can't be stopped before everything has
started, never kills when nobody reacts to SIGTERM, and does not say who died.
"""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from strangler.cli.up import guard
from strangler.cli.up.guard import signal_group
from strangler.errors import ProcessError
from strangler.forking import Forked, forker, read_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from strangler.cli.up.plan import Command

GRACE = timedelta(seconds=10)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
COMMAND_NOT_STARTED = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Why a run ended: *process* ended first with *returncode*, or a signal asked for it (no process)."""

    process: str = ""
    returncode: int = 0

    @property
    def was_asked_for(self) -> bool:
        """Whether a signal ended the run."""
        return not self.process

    def __str__(self) -> str:
        return f"{self.process} {describe_status(self.returncode)}"


def describe_status(returncode: int) -> str:
    """Say how a process ended, from its return code as subprocess gives it."""
    number = (
        -returncode if returncode < 0 else returncode - 128
    )  # a shell reports a killed child as 128 + signal
    if number > 0 and number in {each.value for each in signal.Signals}:
        return f"was killed by {signal.Signals(number).name}"
    return f"exited with status {returncode}"


class Supervisor:
    """Run sets of commands, one set at a time, each until the first of its processes ends.

    No process of a group is left behind: each command has a process group of its own, which gets SIGTERM, and
    SIGKILL after *grace*; a guard process does the same if the supervisor itself is killed. Call it from the main
    thread: it handles SIGINT, SIGTERM and SIGHUP while it runs; a second one of them kills at once.

    Args:
        printer: gets every line.
        grace: time between asking processes to end and killing them.
        is_forking: fork programs of this Python instead of starting them, see `strangler.forking`.
    """

    def __init__(self, printer: Printer, *, grace: timedelta = GRACE, is_forking: bool = False) -> None:
        self._printer = printer
        self._start = start_forked if is_forking else Popen
        self._grace = grace
        self._events: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._colours = get_colours()

    def say(self, line: str) -> None:
        """Put a line of our own into the log; from any thread."""
        self._events.put(_message("line", line + "\n", name="up"))

    def run(self, commands: Sequence[Command], *, when_started: Callable[[], None] | None = None) -> Outcome:
        """Start all *commands* and return when all have ended; *when_started* is called once all have a pid."""
        with _guard() as watch, self._signals():
            run = _Run(
                printer=self._printer, watch=watch, grace=self._grace, expected={c.name for c in commands}
            )
            for command in commands:
                threading.Thread(target=self._follow, args=(command,), daemon=True).start()
            while run.is_going_on:
                with_news = self._next_event(run)
                if with_news == "start" and run.all_started and when_started is not None:
                    when_started()
            return run.outcome

    def _next_event(self, run: _Run) -> str:
        try:
            message = self._events.get(timeout=0.1)
        except queue.Empty:
            run.check_time()
            return ""
        run.handle(message)
        return str(message.type)

    def _follow(self, command: Command) -> None:
        """Start *command* and pass on what it prints, until it ends; runs in a thread of its own."""
        process = Process(
            command.line, name=command.name, colour=next(self._colours), env=dict(command.environ)
        )
        process._child_ctor = self._start  # noqa: SLF001 - honcho has no other way
        try:
            process.run(self._events)
        except (OSError, ProcessError) as error:
            self.say(f"{command.name} could not be started: {error}")
            self._events.put(_message("stop", {"returncode": COMMAND_NOT_STARTED}, name=command.name))

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def report(number: int, _frame: Any) -> None:
            self._events.put(_message("signal", number, name="up"))

        before = {number: signal.signal(number, report) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def start_forked(line: str, *, env: Mapping[str, str], cwd: str | None = None) -> Popen | Forked:
    """Fork the program of *line* if it is one of this Python, and give the line to a shell otherwise."""
    program = read_program(line, environ=env)
    if program is None:
        return Popen(line, env=env, cwd=cwd)
    return forker().start(
        program.argv,
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        niceness=program.niceness,
    )


class _Run:
    """The state of one run: who has started, who has ended, and what is done about it."""

    def __init__(
        self, *, printer: Printer, watch: Callable[[str], None], grace: timedelta, expected: set[str]
    ) -> None:
        self.outcome = Outcome()
        self._printer = printer
        self._watch = watch
        self._grace = grace
        self._unborn = set(expected)
        self._groups: dict[str, int] = {}
        self._stopped_at: float | None = None
        self._is_killed = False
        self._is_abandoned = False

    @property
    def all_started(self) -> bool:
        return not self._unborn

    @property
    def is_going_on(self) -> bool:
        return bool(self._unborn or self._groups) and not self._is_abandoned

    def handle(self, message: Message) -> None:
        {"line": self._printer.write, "start": self._start, "stop": self._end, "signal": self._signal}[
            message.type
        ](message)
        self.check_time()

    def check_time(self) -> None:
        """Kill what did not end in time; then give up what is held open by a process that left its group."""
        if self._stopped_at is None:
            return
        overdue = time.monotonic() - self._stopped_at - self._grace.total_seconds()
        if overdue > 0 and not self._is_killed:
            self._kill()
        self._is_abandoned = overdue > 1

    def _start(self, message: Message) -> None:
        self._unborn.discard(message.name)
        self._groups[message.name] = group = message.data["pid"]
        self._watch(f"+{group}")
        self._say(f"{message.name} started (pid {group})")
        if self._stopped_at is not None:
            signal_group(group, signal.SIGTERM)

    def _end(self, message: Message) -> None:
        self._unborn.discard(message.name)
        group = self._groups.pop(message.name, None)
        if group is not None:
            signal_group(group, signal.SIGKILL)  # children that outlived their parent and closed the pipe
            self._watch(f"-{group}")
        returncode = message.data["returncode"]
        self._say(f"{message.name} {describe_status(returncode)}")
        if self._stopped_at is None:
            self.outcome = Outcome(process=message.name, returncode=returncode)
            self._stop()

    def _signal(self, message: Message) -> None:
        self._say(f"{signal.Signals(message.data).name} received: stopping everything")
        if self._stopped_at is None:
            self._stop()
        else:
            self._kill()

    def _stop(self) -> None:
        self._stopped_at = time.monotonic()
        for group in self._groups.values():
            signal_group(group, signal.SIGTERM)

    def _kill(self) -> None:
        self._is_killed = True
        for name, group in self._groups.items():
            self._say(f"killing {name} (pid {group})")
            signal_group(group, signal.SIGKILL)

    def _say(self, line: str) -> None:
        self._printer.write(_message("line", line + "\n", name="up"))


@contextmanager
def _guard() -> Iterator[Callable[[str], None]]:
    """Run the guard process; yields the function that tells it about groups."""
    with subprocess.Popen(  # noqa: S603 (our own interpreter and script)
        [sys.executable, "-I", str(Path(guard.__file__))],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        pipe = process.stdin
        assert pipe is not None  # noqa: S101 (it was asked for above)

        def watch(line: str) -> None:
            pipe.write(line + "\n")
            pipe.flush()

        yield watch


def _message(kind: str, data: Any, *, name: str) -> Message:
    return Message(type=kind, data=data, time=datetime.now(), name=name, colour=None)  # noqa: DTZ005 (honcho's clock)
