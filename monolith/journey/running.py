"""One running `manage.py strangler up`, seen from outside: its log, its processes, its end."""

import io
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from strangler.forking import forker
from strangler.testing.commands import Commands

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = timedelta(seconds=120)
KEPT_LINES = 200
_STARTED = re.compile(r" up +\| (\S+) started \(pid (\d+)\)")
_COMPLAINT = re.compile(r"\.web +\| .*(?:\bERROR\b|Traceback \(most recent)")
_OF_WEB = re.compile(r"\.web +\| ")
LINES_OF_A_COMPLAINT = 60
_ENDED = re.compile(r" up +\| (\S+) (?:exited with|was killed by)")


class StageError(Exception):
    """The site could not be started, prepared or kept running; the text says which part and why."""


class Running:
    """A `strangler up` with the given options, in a process group of its own.

    Its end, however it comes, is the end of everything that it started.
    """

    def __init__(self, options: Sequence[str], *, commands: Commands, environ: Mapping[str, str]) -> None:
        self._groups: dict[str, int] = {}
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.complaints: list[str] = []
        self._to_note = 0
        self._is_ready = threading.Event()
        self._process = commands.start(
            *("strangler", "up", "--fork", *options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the journey, which then stops this in its own time
            **forker().sharing(environ),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(list(self._lines)[-15:])

    def wait_until_ready(self) -> None:
        """Return when everything accepts connections.

        Raises:
            StageError: it ended, or took too long; with the end of its log.
        """
        for _ in range(int(PATIENCE.total_seconds() * 10)):
            if self._is_ready.wait(0.1):
                return
            if not self.is_alive:
                self._reader.join(5)
                raise StageError(f"The site did not start:\n{self.last_words}")
        raise StageError(f"The site was not ready after {PATIENCE.total_seconds():.0f} s:\n{self.last_words}")

    def kill(self) -> list[str]:
        """SIGKILL every process that it runs, with their children; returns their names.

        It then ends by itself, since its processes are gone.
        """
        return self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP every process that it runs, with their children."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let all of them go on."""
        self._signal(signal.SIGCONT)

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        status = self._process.wait(PATIENCE.total_seconds())
        self._reader.join(PATIENCE.total_seconds())
        return status

    def ask_to_end(self) -> None:
        """Ask it to stop everything, and do not wait; does nothing if it has ended."""
        if self.is_alive:
            self.thaw()  # what is frozen does not hear that it shall end
            self._process.terminate()

    def _signal(self, number: signal.Signals) -> list[str]:
        """Send *number* to every process that it runs; returns the names of those that were there."""
        reached = []
        for name, group in list(self._groups.items()):
            with suppress(ProcessLookupError):  # ended since
                os.killpg(group, number)
                reached.append(name)
        return reached

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - it was asked for above
        with io.TextIOWrapper(pipe, errors="replace") as lines:
            for line in lines:
                self._lines.append(line.rstrip())
                self._note_complaint(line.rstrip())
                if started := _STARTED.search(line):
                    self._groups[started[1]] = int(started[2])
                elif ended := _ENDED.search(line):
                    self._groups.pop(ended[1], None)
                elif "| ready after" in line:
                    self._is_ready.set()

    def _note_complaint(self, line: str) -> None:
        """Keep *line* if a web process complains in it, or goes on complaining."""
        if _COMPLAINT.search(line):
            self._to_note = LINES_OF_A_COMPLAINT
        if self._to_note and _OF_WEB.search(line):
            self.complaints.append(line)
            self._to_note -= 1
