"""Start the site behind the facade, on gunicorn or uvicorn, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import requests

from strangler.core.capture import Capture
from strangler.forking import popen, run
from tests.servers.processes import free_port

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = "tests.integration.facade.site.settings"
_migrated: list[bytes] = []  # the empty database: migrating once per run of the tests is enough

TOPOLOGY = """
[monolith]
settings = "tests.integration.facade.site.settings"

[services.images]
settings = "unused"
owns = ["site.Gone"]

[[services.images.routes]]
name = "images.safe"
path = "/safe/*"
methods = ["GET"]
timeout_seconds = 2

[[services.images.routes]]
name = "images.idempotent"
path = "/idempotent/*"
methods = ["POST", "PUT"]
timeout_seconds = 2
idempotent = true

[[services.images.routes]]
name = "images.once"
path = "/once/*"
methods = ["POST"]
timeout_seconds = 2

[[services.images.routes]]
name = "images.patient"
path = "/patient/*"
methods = ["POST"]
timeout_seconds = 30

[[services.images.routes]]
name = "images.again"
path = "/again/*"
methods = ["POST"]
timeout_seconds = 30
idempotent = true

[[services.images.routes]]
name = "images.born"
path = "/born/*"
methods = ["GET", "POST"]
timeout_seconds = 2
legacy = false

[[services.images.routes]]
name = "images.limited"
path = "/limited/*"
methods = ["POST"]
timeout_seconds = 5
max_body_bytes = 1_000_000
idempotent = true

[[services.images.routes]]
name = "images.compared"
path = "/compared/*"
methods = ["GET", "POST"]
timeout_seconds = 0.5
compare_percent = 100

[[services.images.routes]]
name = "images.file"
path = "/file/"

[[services.images.routes]]
name = "images.deaf"
path = "/deaf/"
methods = ["POST"]

[[services.images.routes]]
name = "images.logout"
path = "/_logout"

[[services.images.routes]]
name = "images.plain"
path = "/plain/"

[[services.images.routes]]
name = "images.stream"
path = "/stream/"

[[services.images.routes]]
name = "images.fail"
path = "/fail/"

[[services.images.calls]]
name = "images.note"
task = "images.note"
"""
SEAMS = ("safe", "idempotent", "once", "patient", "again", "limited")


class Site:
    """A running site.

    Args:
        kind: `wsgi` or `asgi`.
        service_url: of the service behind it.
        variables: environment variables of its settings.
    """

    def __init__(self, kind: str, *, service_url: str, **variables: str) -> None:
        self.kind = kind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = Path(tempfile.mkdtemp(prefix="strangler-site-"))
        (self.state / "strangler.toml").write_text(TOPOLOGY)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "SITE_STATE": str(self.state),
            "SITE_TOPOLOGY": str(self.state / "strangler.toml"),
            "IMAGES_URL": service_url,
            "PYTHONWARNINGS": "default",
            **variables,
        }
        self.session = requests.Session()

    def start(self) -> Site:
        """Migrate, run the server, and wait until it answers."""
        self._make_database(self.state / "site.sqlite3")
        with (self.state / "log").open("w") as log:
            self.process = popen(
                self._command(),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                requests.get(f"{self.url}/plain/", timeout=5)
                return self
            time.sleep(0.1)
        self.stop()
        raise AssertionError(self.log)

    def stop(self) -> None:
        """End the server."""
        self.session.close()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def log(self) -> str:
        """What the server and the site printed."""
        return (self.state / "log").read_text()

    def move(self, stage: str, *seams: str, percent: str = "") -> None:
        """Move seams to a stage."""
        for seam in seams or SEAMS:
            parameters = {"seam": f"images.{seam}", "stage": stage, "percent": percent}
            requests.get(f"{self.url}/_rollout", params=parameters, timeout=5).raise_for_status()

    def tallies(self, seam: str) -> dict[str, int]:
        """Return what the facade counted for a seam."""
        return requests.get(f"{self.url}/_tallies", timeout=5).json().get(f"images.{seam}", {})

    def captures(self, count: int = 1) -> list[Capture]:
        """Wait for *count* captures since the last question, and return them, oldest first."""
        found: list[Capture] = []
        for _ in range(200):
            answer = requests.get(f"{self.url}/_captures", timeout=5).json()
            found += map(Capture.from_json, answer)
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{len(found)} of {count} captures: {found}, lost {self.losses()}")

    def losses(self, count: int = 0) -> dict[str, dict[str, int]]:
        """Wait until *count* losses were counted since the last question, and return them: seam → cause → count."""
        found: dict[str, dict[str, int]] = {}
        for _ in range(200):
            found = requests.get(f"{self.url}/_losses", timeout=5).json()
            if sum(sum(causes.values()) for causes in found.values()) >= count:
                break
            time.sleep(0.05)
        requests.get(f"{self.url}/_losses", params={"forget": "1"}, timeout=5)
        return found

    def memory_kib(self) -> int:
        """Return the resident memory of the process that answers."""
        return int(requests.get(f"{self.url}/_memory", timeout=5).text)

    def request(self, method: str, path: str, **options) -> requests.Response:
        """Send a request without cookies of earlier ones."""
        return requests.request(method, self.url + path, timeout=20, allow_redirects=False, **options)

    def send_raw(self, data: bytes, *, wait_seconds: float = 5) -> bytes:
        """Send bytes as they are and return all that comes back until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_seconds) as connection:
            connection.sendall(data)
            received = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while piece := connection.recv(65536):
                    received += piece
            return received

    def _make_database(self, path: Path) -> None:
        if _migrated:
            path.write_bytes(_migrated[0])
            return
        migrate = [sys.executable, "-m", "django", "migrate", "-v0"]
        run(migrate, cwd=ROOT, env=self.environment, check=True)
        _migrated.append(path.read_bytes())

    def _command(self) -> list[str]:
        # Both servers believe X-Forwarded-* of 127.0.0.1; here that is where the clients are, not a proxy.
        address = f"127.0.0.1:{self.port}"
        if self.kind == "wsgi":
            workers = ["--worker-class", "gthread", "--threads", "8", "--workers", "1", "--timeout", "120"]
            workers += ["--forwarded-allow-ips", "192.0.2.1", "--no-control-socket"]
            module = "tests.integration.facade.site.wsgi"
            return [sys.executable, "-m", "gunicorn", "--bind", address, *workers, module]
        module = "tests.integration.facade.site.asgi:application"
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
            "--no-proxy-headers",
        ]
        return [sys.executable, "-m", "uvicorn", *options, module]
