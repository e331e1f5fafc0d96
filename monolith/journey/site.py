"""The site under the journey: the monolith with its helpers, and the image service, which can be killed alone."""

import contextlib
import email
import email.policy
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

from monolith.journey.running import ROOT, Running, StageError

SERVICE = "images"
SEAM = "images.upload"
MAIL_PATIENCE = timedelta(seconds=10)
# A worker that is killed keeps its photo until its lease ends, which is when it could at the latest have finished.
# Real deployments allow more time for large photos; nobody wants to watch that.
QUICK = {"IMAGES_TIME_LIMIT_SECONDS": "10", "IMAGES_RESEND_AFTER_SECONDS": "5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where everybody listens; fixed, so that one part can be started again while the others run."""

    monolith: int
    images: int
    email: int
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
        return cls(
            monolith=first,
            images=images,
            email=free_port(images + 1),
            valkey=free_port(6379),
            smtp=free_port(1025),
        )

    @property
    def options(self) -> list[str]:
        """The options for `strangler up`."""
        names = ("monolith", "images", "email", "smtp", *(["valkey"] if needs_valkey() else []))
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
        self._environ = {**self._defaults(), **os.environ, **self._addresses(), **(environ or {})}
        self._base: Running | None = None
        self._service: Running | None = None

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` and return what it printed.

        Raises:
            StageError: it did not exit with 0; with its output.
        """
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            line = " ".join(arguments)
            raise StageError(f"manage.py {line} exited with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def running(self) -> Iterator["Site"]:
        """Run everything; stop everything at the end, whatever happens."""
        try:
            self._base = Running(
                ["--only", *self._base_members(), "--no-release", *self._options], environ=self._environ
            )
            self.start_service()
            self._base.wait_until_ready()
            yield self
        finally:
            self.stop()

    def start_service(self) -> None:
        """Start the image service and return when it accepts connections; again, after it was killed."""
        self._service = Running(["--only", SERVICE, *self._options], environ=self._environ)
        self._service.wait_until_ready()

    def kill_service(self) -> list[str]:
        """SIGKILL all processes of the image service at once; returns their names."""
        assert self._service is not None  # noqa: S101 - only called on a running site
        killed = self._service.kill()
        self._service.wait()
        return killed

    def check_running(self) -> None:
        """Raise StageError if a part of the site ended on its own."""
        for part in (self._base, self._service):
            if part is not None and not part.is_alive:
                raise StageError(f"A part of the site ended on its own:\n{part.last_words}")

    def stop(self) -> None:
        """Stop whatever runs."""
        for part in (self._service, self._base):
            if part is not None:
                part.stop()

    def wait_for_mail(self, *, to: str) -> EmailMessage | None:
        """Return the newest mail that the catcher has for *to*, waiting a little; None if none came."""
        deadline = time.monotonic() + MAIL_PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            for file in sorted((self.state / "mail").glob("*.eml"), reverse=True):
                message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                if to in str(message["To"]):
                    return message  # type: ignore[return-value]
            time.sleep(0.1)
        return None

    @property
    def _options(self) -> list[str]:
        return [*self.ports.options, "--state", str(self.state)]

    def _base_members(self) -> list[str]:
        return ["monolith", "smtp", *(["valkey"] if needs_valkey() else [])]

    def _defaults(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"sqlite:///{self.state / 'monolith.sqlite3'}",
            "IMAGES_DATABASE_URL": f"sqlite:///{self.state / 'images.sqlite3'}",
            "EMAIL_DATABASE_URL": f"sqlite:///{self.state / 'email.sqlite3'}",
            "MEDIA_ROOT": str(self.state / "media"),
            **QUICK,
        }

    def _addresses(self) -> dict[str, str]:
        return {
            "MONOLITH_URL": self.url,
            "IMAGES_URL": f"http://127.0.0.1:{self.ports.images}",
            "EMAIL_SERVICE_URL": f"http://127.0.0.1:{self.ports.email}",
        }


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
