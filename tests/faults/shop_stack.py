"""The shop as it runs in production, in processes of its own: gunicorn, a relay, and visitors who register."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from strangler.forking import Forked, popen
from strangler.testing import Commands
from tests.servers.processes import free_port
from tests.servers.signals import sigkill
from tests.servers.smtp import FakeSMTP

ROOT = Path(__file__).resolve().parents[2]


class ShopStack:
    """Starts and ends the shop's processes."""

    def __init__(self, folder: Path, *, database: str, broker: str, smtp: FakeSMTP) -> None:
        self.folder = folder
        self.processes: list[Forked] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.shop_settings",
            "DATABASE_URL": database,
            "BROKER_URL": broker,
            "EMAIL_URL": smtp.url,
            "EMAIL_SERVICE_URL": "http://127.0.0.1:9",
            "IMAGES_URL": "http://127.0.0.1:9",
            "ACCOUNTS_URL": "http://127.0.0.1:9",
            "PYTHONPATH": str(ROOT),
        }
        self._commands = Commands(self.environ)
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments: str) -> str:
        """Run manage.py of the shop and return what it prints."""
        done = self._commands.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, name: str, *command: str) -> Forked:
        """Start a process of the shop that ends with the stack."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def serve(self) -> None:
        """Start the web server and wait until it answers."""
        options = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket"]
        self.start("web", "-m", "gunicorn", "monolith.wsgi", "--bind", f"127.0.0.1:{self.port}", *options)
        for _ in range(400):
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                requests.get(f"{self.url}/account/register/", timeout=10).raise_for_status()
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "web.log").read_text())

    def relay(self) -> None:
        """Start a relay."""
        self.start("relay", "manage.py", "strangler", "relay")

    def flight(self, seam: str) -> dict[str, Any]:
        """Return what `strangler status` says is in flight for a call."""
        seams = json.loads(self.manage("strangler", "status", "--format", "json"))["seams"]
        return dict(seams[seam]["in_flight"])

    def wait_until(self, condition: Callable[[], object], what: str, *, seconds: float = 60) -> None:
        """Wait for *condition*; fail with the logs if it does not come true."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
                raise AssertionError(f"{what} did not come\n{logs}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End everything that still runs."""
        for process in self.processes:
            if process.poll() is None:
                sigkill(process.pid)
            process.wait()
        self._commands.close()


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, shop: ShopStack) -> None:
        self.page = f"{shop.url}/account/register/"

    def register(self, name: str) -> tuple[requests.Response, float]:
        """Fill in the form; return the answer and how many seconds it took."""
        with requests.Session() as session:
            session.get(self.page, timeout=30).raise_for_status()
            form = {"username": name, "email": f"{name}@example.org", "first_name": name.title()}
            form |= {"password1": "a-long-word-9", "password2": "a-long-word-9"}
            form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
            began = time.monotonic()
            answer = session.post(self.page, form, timeout=60, allow_redirects=False)
            return answer, time.monotonic() - began
