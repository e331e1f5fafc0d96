"""Run the commands of a project, each in a process forked from one that has the project loaded already.

A command is as much of its own as with `subprocess.run`: it has its own memory, connections, output and end. Only
Python's start, the imports and `django.setup()` are done once: a second of computing for each command otherwise.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

from strangler.forking import Forked, Forker, completed, forker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from _typeshed import StrPath


class Commands:
    """A project in the given environment. Nothing runs before the first command.

    Args:
        environ: names the settings (`DJANGO_SETTINGS_MODULE`), and all that they read.
        folder: in which the commands run; this process's, if none is given.
    """

    def __init__(self, environ: Mapping[str, str], *, folder: StrPath | None = None) -> None:
        self._environ = dict(environ)
        self._folder = os.path.abspath(folder or ".")  # noqa: PTH100 - a link stays what it is called
        self._lock = threading.Lock()
        self._loaded: Forker | None = None

    def run(self, *argv: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with *argv*, *given* as its input, and return what `subprocess.run` would.

        Raises: ProcessError: the project can't be loaded; the reason is printed.
        """
        return completed(
            self._forker(argv), ["manage.py", *argv], env=self._environ, cwd=self._folder, given=given
        )

    def start(self, *argv: str, **options: Any) -> Forked:
        """Start `manage.py` with *argv* and *options* of `Forker.start`: its files, `text`, `start_new_session`.

        An `env` among them is what the command sees; the project has been loaded with the one above.
        """
        return self.start_python("manage.py", *argv, **options)

    def start_python(self, *argv: str, **options: Any) -> Forked:
        """Start Python with *argv*, such as `-m celery …`, where the project is loaded; *options* as for `start`."""
        return self._forker(argv).start(argv, **{"env": self._environ, "cwd": self._folder, **options})

    def close(self) -> None:
        """End the process that has the project loaded."""
        with self._lock:
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None

    def __enter__(self) -> Self:
        """Close behind a ``with`` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close behind a ``with`` block."""
        self.close()

    def _forker(self, argv: Sequence[str]) -> Forker:
        """Return the process that has the project loaded; for a command that names its settings, one that has none."""
        if any(word.partition("=")[0] == "--settings" for word in argv):
            return forker()
        with self._lock:
            if self._loaded is None:
                self._loaded = self._start()
            return self._loaded

    def _start(self) -> Forker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = forker().start(
                ["-m", "strangler.forking.server", str(theirs.fileno()), "--project"],
                env=self._environ,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=2,  # what the project prints while it loads is no answer
                pass_fds=[theirs.fileno()],
            )
        return Forker(ours, process)
