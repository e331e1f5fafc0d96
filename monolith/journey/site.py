"""The site under the journey, in parts that can be killed, frozen and started again while the others run."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monolith.journey.mailbox import Mailbox
from monolith.journey.running import ROOT, Running, StageError
from strangler.forking import Forked
from strangler.testing.commands import Commands

SEAM = "images.upload"
MAIL_SEAM = "email.welcome"
GUIDE_SEAM = "images.guide"
REPORT_SEAMS = ("reports.printing", "reports.sales", "reports.customers")
END_AFTER_SECONDS = 60
HELPERS = {"valkey", "smtp"}
# A worker that is killed keeps its photo until its lease ends, which is when it could at the latest have finished.
# Real deployments allow more time for large photos, and more for a mail server to come back; nobody wants to watch that.
QUICK = {
    "IMAGES_TIME_LIMIT_SECONDS": "10",
    "IMAGES_RESEND_AFTER_SECONDS": "5",
    "EMAIL_FIRST_WAIT_SECONDS": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where everybody listens; fixed, so that one part can be started again while the others run."""

    monolith: int
    images: int
    email: int
    accounts: int
    reporting: int
    catalog: int
    valkey: int
    smtp: int

    @classmethod
    def choose(cls, *, monolith: int | None) -> "Ports":
        """Take *monolith* if it is free, and free ports for the rest.

        Raises:
            StageError: somebody listens on *monolith*.
        """
        if monolith and free_port(monolith) != monolith:
            raise StageError(
                f"Port {monolith} is taken: stop what listens there, or choose another with --port."
            )
        first = monolith or free_port(8000)
        images = free_port(first + 1)
        email = free_port(images + 1)
        accounts = free_port(email + 1)
        reporting = free_port(accounts + 1)
        return cls(
            monolith=first,
            images=images,
            email=email,
            accounts=accounts,
            reporting=reporting,
            catalog=free_port(reporting + 1),
            valkey=free_port(6379),
            smtp=free_port(1025),
        )

    @property
    def options(self) -> list[str]:
        """The options for `strangler up`."""
        services = ("images", "email", "accounts", "reporting", "catalog")
        names = ("monolith", *services, "smtp", *(["valkey"] if needs_valkey() else []))
        return [f"--port={name}={getattr(self, name)}" for name in names]


class Site:
    """Prepares, starts and stops the site; its data is below *state*.

    What the environment says of databases and the broker holds; the rest gets embedded ones.

    Args:
        state: folder for databases, media, mail and logs.
        ports: where everybody listens.
        environ: settings on top of the environment's.
    """

    def __init__(self, *, state: Path, ports: Ports, environ: dict[str, str] | None = None) -> None:
        self.state = state
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports.monolith}"
        self.mailbox = Mailbox(state / "mail")
        self._environ = {**self._defaults(), **os.environ, **self._addresses(), **(environ or {})}
        self._commands = Commands(self._environ, folder=ROOT)
        self._parts: dict[str, Running] = {}

    def manage(self, *arguments: str, fails: bool = False) -> str:
        """Run `manage.py` and return what it printed.

        Args: fails: it is expected to fail.
        Raises:
            StageError: it exited with 0, or with something else, against the expectation; with its output.
        """
        done = self._commands.run(*arguments)
        if bool(done.returncode) is not fails:
            line = " ".join(arguments)
            raise StageError(f"manage.py {line} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if fails else "")

    @contextlib.contextmanager
    def working(self, *arguments: str) -> Iterator[None]:
        """Run `manage.py` beside the block, and end it with Ctrl-C behind it.

        Raises:
            StageError: it exited with something else than 0, or had to be killed; with its output.
        """
        path = self.state / "log" / f"{'-'.join(arguments[:4])}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as log:
            process = self._commands.start(
                *arguments, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                yield
            finally:
                status = _interrupt(process)
        if status:
            raise StageError(f"manage.py {' '.join(arguments)} exited with {status}:\n{path.read_text()}")

    @contextlib.contextmanager
    def running(self) -> Iterator["Site"]:
        """Run everything; stop everything at the end, whatever happens."""
        try:
            for name in self._names():
                self._launch(name)
            for part in self._parts.values():
                part.wait_until_ready()
            yield self
        finally:
            self.stop()

    def start(self, name: str, **environ: str) -> None:
        """Start a part again that was killed, with *environ* on top, and return when it accepts connections."""
        self._launch(name, environ)
        self._parts[name].wait_until_ready()

    def kill(self, name: str) -> list[str]:
        """SIGKILL all processes of a part at once; returns their names."""
        killed = self._parts[name].kill()
        self._parts[name].wait()
        return killed

    def freeze(self, name: str) -> None:
        """SIGSTOP all processes of a part: its connections stay open, and nothing answers."""
        self._parts[name].freeze()

    def thaw(self, name: str) -> None:
        """Let a frozen part go on."""
        self._parts[name].thaw()

    def check_running(self) -> None:
        """Raise StageError if a part of the site ended on its own."""
        for part in self._parts.values():
            if not part.is_alive:
                raise StageError(f"A part of the site ended on its own:\n{part.last_words}")

    def complaints(self) -> list[str]:
        """Return what the web processes logged of errors, with tracebacks: the why behind an answer of 500."""
        return [line for part in self._parts.values() for line in part.complaints]

    def stop(self) -> None:
        """Stop whatever runs; the broker and the mail server last, since the others need them to end well."""
        for names in (self._parts.keys() - HELPERS, self._parts.keys() & HELPERS):
            parts = [self._parts[name] for name in names]
            for part in parts:
                part.ask_to_end()
            for part in parts:
                part.wait()
        self._commands.close()

    def _launch(self, name: str, environ: Mapping[str, str] | None = None) -> None:
        # The monolith's tables are there: `prepare` made and filled them.
        options = ["--no-release"] if name == "monolith" else []
        arguments = ["--only", name, *options, *self.ports.options, "--state", str(self.state)]
        self._parts[name] = Running(
            arguments, commands=self._commands, environ={**self._environ, **(environ or {})}
        )

    def _names(self) -> list[str]:
        return [
            *(["valkey"] if needs_valkey() else []),
            "smtp",
            "monolith",
            "images",
            "email",
            "accounts",
            "reporting",
            "catalog",
        ]

    def _defaults(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"sqlite:///{self.state / 'monolith.sqlite3'}",
            "IMAGES_DATABASE_URL": f"sqlite:///{self.state / 'images.sqlite3'}",
            "EMAIL_DATABASE_URL": f"sqlite:///{self.state / 'email.sqlite3'}",
            "ACCOUNTS_DATABASE_URL": f"sqlite:///{self.state / 'accounts.sqlite3'}",
            "REPORTING_DATABASE_URL": f"sqlite:///{self.state / 'reporting.sqlite3'}",
            "CATALOG_DATABASE_URL": f"sqlite:///{self.state / 'catalog.sqlite3'}",
            "REPORTING_FOLDER": str(self.state / "reports"),
            "REPORTS_FEED": "true",
            "MEDIA_ROOT": str(self.state / "media"),
            **QUICK,
        }

    def _addresses(self) -> dict[str, str]:
        return {
            "MONOLITH_URL": self.url,
            "IMAGES_URL": f"http://127.0.0.1:{self.ports.images}",
            "EMAIL_SERVICE_URL": f"http://127.0.0.1:{self.ports.email}",
            "ACCOUNTS_URL": f"http://127.0.0.1:{self.ports.accounts}",
            "REPORTING_URL": f"http://127.0.0.1:{self.ports.reporting}",
            "CATALOG_URL": f"http://127.0.0.1:{self.ports.catalog}",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.ports.smtp}",
            **({"BROKER_URL": f"redis://127.0.0.1:{self.ports.valkey}/0"} if needs_valkey() else {}),
        }


def _interrupt(process: Forked) -> int:
    """End *process* as Ctrl-C does, or by force if it does not listen; returns its exit status."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(END_AFTER_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    return process.wait()


def needs_valkey() -> bool:
    """Whether the embedded broker has to run: the environment names no other one."""
    return not os.environ.get("BROKER_URL")


def free_port(first: int) -> int:
    """Return the first port from *first* on where nobody listens."""
    for port in range(first, 65536):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise StageError(f"No port from {first} on is free.")
