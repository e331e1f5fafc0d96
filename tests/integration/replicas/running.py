"""Start the site on gunicorn or uvicorn, and let visitors write and read on it until they are told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

import requests

from strangler.forking import popen, run
from tests.servers.processes import free_port

ROOT = Path(__file__).resolve().parents[3]
SITE = "tests.integration.replicas.site"
PATIENCE_SECONDS = 90


class Site:
    """A running site.

    Args:
        kind: `wsgi` or `asgi`.
        primary_url: of the database that is written to.
        replica_urls: of what is read from.
    """

    def __init__(self, kind: str, *, primary_url: str, replica_urls: list[str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._kind = kind
        self._log = Path(tempfile.mkdtemp(prefix="strangler-replicas-")) / "log"
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{SITE}.settings",
            "SITE_DATABASE_URL": primary_url,
            "SITE_REPLICA_URLS": " ".join(replica_urls),
        }

    def __enter__(self) -> Self:
        self.manage("check")
        self.manage("migrate", "--run-syncdb", "-v0")
        with self._log.open("w") as log:
            self._process = popen(
                self._command(),
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: self._process.poll() is not None or self._is_answering(), self)
        assert self._process.poll() is None, self.log
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def manage(self, *arguments: str) -> None:
        """Run a command of Django."""
        command = [sys.executable, "-m", "django", *arguments]
        run(command, cwd=ROOT, env=self._environment, check=True)

    @property
    def log(self) -> str:
        """What the server and the site printed."""
        return self._log.read_text()

    def _is_answering(self) -> bool:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/note/nobody/", timeout=10).ok
        return False

    def _command(self) -> list[str]:
        if self._kind == "wsgi":
            options = ["--worker-class", "gthread", "--threads", "6", "--workers", "1", "--no-control-socket"]
            return [
                *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}"),
                *options,
                f"{SITE}.wsgi",
            ]
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning"]
        return [sys.executable, "-m", "uvicorn", *options, f"{SITE}.asgi:application"]


class Visitors:
    """Browsers at work: each writes a number and looks whether it is there, again and again.

    Args:
        site: that they visit.
        count: how many.
    """

    def __init__(self, site: Site, *, count: int) -> None:
        self.complaints: list[str] = []
        self.servers: Counter[int] = Counter()
        self.written = dict.fromkeys((f"visitor-{number}" for number in range(count)), 0)
        self._site = site
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(name,)) for name in self.written]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, pages: int, *, of: int) -> None:
        """Return when so many more pages were read from the server of this id."""
        wanted = self.servers[of] + pages
        wait_until(lambda: self.complaints or self.servers[of] >= wanted, self._site)

    def _visit(self, name: str) -> None:
        session = requests.Session()
        while not self._is_over.is_set():
            number = self.written[name] + 1
            plain = "1" if number % 2 else ""  # every other page shows at once what it wrote
            parameters = {"number": number, "plain": plain}
            self._look(session.post(self._page(name), params=parameters, timeout=30), 0 if plain else number)
            self.written[name] = number
            for _ in range(3):
                self._look(session.get(self._page(name), timeout=30), number)

    def _look(self, answer: requests.Response, number: int) -> None:
        if answer.status_code != 200:
            self.complaints.append(f"{answer.status_code}: {answer.text[:300]}")
        elif number and answer.json()["number"] < number:
            self.complaints.append(f"{answer.url} showed {answer.json()} after {number} was written")
        elif number:
            self.servers[answer.json()["server"]] += 1

    def _page(self, name: str) -> str:
        return f"{self._site.url}/note/{name}/"


def wait_until(condition, site: Site) -> None:
    """Wait until *condition* returns something true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, site.log
        time.sleep(0.02)
