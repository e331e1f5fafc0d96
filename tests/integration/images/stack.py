"""The image service as real processes (gunicorn, Celery worker, beat) and a shop that takes its photos."""

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from json import dumps, loads
from pathlib import Path

import requests
from PIL import Image

from strangler.core.principal import Principal
from strangler.forking import Forked, popen, run
from strangler.service import PRINCIPAL_HEADER, read_principal, sign_principal
from tests.servers.processes import free_port
from tests.servers.signals import sigkill

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "c" * 32
_migrated: list[str] = []  # the empty database as SQL: migrating once per run of the tests is enough
OWNER = Principal(id="7", username="ann")


def wait_until(condition: Callable[[], object], *, seconds: float = 60, what: str = "the condition"):
    """Return the first true value of *condition*, or fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come true within {seconds} s")


def jpeg(width=400, height=300, *, seed=0, quality=85) -> bytes:
    """Return a JPEG whose content depends on *seed*, so that no two are the same photo."""
    image = Image.effect_mandelbrot((width, height), (-2 + seed / 100, -1.5, 1, 1.5), 20).convert("RGB")
    file = BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


class Shop:
    """Stands for the monolith at the other end of `images.publish`: answers with `statuses`, the last for ever."""

    def __init__(self):
        self.adopted: list[dict] = []
        self.refused: list[dict] = []
        self.statuses = [201]
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = loads(self.rfile.read(int(self.headers["Content-Length"])))
                principal = read_principal(self.headers[PRINCIPAL_HEADER], audience="monolith")
                status = shop.statuses[0] if len(shop.statuses) == 1 else shop.statuses.pop(0)
                entry = {**body, "principal": principal.id, "path": self.path}
                (shop.adopted if status < 300 else shop.refused).append(entry)
                answer = dumps({"id": body["id"]}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Service:
    """The processes of the service, with a folder, a database and settings of their own."""

    def __init__(self, folder: Path, *, broker: str, shop: Shop, **settings: str):
        self.folder = folder
        self.media = folder / "media"
        self.shop = shop
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{key: value for key, value in os.environ.items() if key != "SECRET_KEY"},
            "DJANGO_SETTINGS_MODULE": "extracted.images.settings",
            "PYTHONPATH": str(ROOT),
            "IMAGES_DATABASE_URL": f"sqlite:///{folder / 'images.sqlite3'}",
            "MEDIA_ROOT": str(self.media),
            "BROKER_URL": broker,
            "MONOLITH_URL": shop.url,
            "IMAGES_RESEND_AFTER_SECONDS": "1",
            "IMAGES_REQUEUE_EVERY_SECONDS": "1",
            **settings,
        }
        self.processes: dict[str, Forked] = {}
        self._make_database(folder / "images.sqlite3")

    def run(self, *arguments: str) -> str:
        """Run Python with *arguments* in the service's environment and return what it prints."""
        done = run([sys.executable, *arguments], cwd=self.folder, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _make_database(self, path: Path):
        if not _migrated:
            self.run("-m", "django", "migrate", "--verbosity=0")
            with sqlite3.connect(path) as database:
                _migrated.append("\n".join(database.iterdump()))
        else:
            with sqlite3.connect(path) as database:
                database.executescript(_migrated[0])
        database.close()

    def start_web(self):
        command = ["gunicorn", "extracted.images.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self._start("web", *command, "--worker-class", "gthread", "--threads", "4", "--no-control-socket")
        wait_until(self._is_up, what="the web process")

    def start_worker(self, *options: str):
        command = ["celery", "-A", "extracted.images", "worker", "-Q", "images", "--concurrency", "1"]
        self._start("worker", *command, "--loglevel", "INFO", *options)

    def start_beat(self):
        schedule = str(self.folder / "beat")
        self._start("beat", "celery", "-A", "extracted.images", "beat", "--schedule", schedule)

    def kill(self, name: str):
        """End a process and its children at once, as a crash of the machine does."""
        process = self.processes.pop(name)
        sigkill(process.pid)
        process.wait()

    def stop(self):
        """End every process; the folder is thrown away, so nothing is asked to end in good order."""
        for name in list(self.processes):
            self.kill(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def upload(self, *files: bytes, owner=OWNER, token=TOKEN, **headers: str) -> requests.Response:
        """Send *files* the way the facade forwards a browser's form."""
        return requests.post(
            f"{self.url}/photos/upload/",
            files=[("photos", (f"photo-{number}.jpg", content)) for number, content in enumerate(files)],
            data={"csrfmiddlewaretoken": token},
            cookies={"csrftoken": TOKEN},
            headers={PRINCIPAL_HEADER: sign_principal(owner, audience="images"), **headers},
            timeout=30,
        )

    def status(self, upload: dict, owner=OWNER) -> dict:
        headers = {PRINCIPAL_HEADER: sign_principal(owner, audience="images")}
        answer = requests.get(f"{self.url}{upload['status_url']}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for(self, upload: dict, *states: str, seconds: float = 60) -> dict:
        """Wait until the upload has one of *states* and return its status."""
        return wait_until(
            lambda: (status := self.status(upload))["status"] in states and status,
            seconds=seconds,
            what=f"upload in {states}: {self.status(upload)}",
        )

    def _start(self, name: str, program: str, *arguments: str):
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = popen(
                [sys.executable, "-m", program, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _is_up(self):
        try:
            return requests.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            assert self.processes["web"].poll() is None, self.log("web")
            return False


@contextmanager
def service(folder: Path, *, broker: str, **settings: str) -> Iterator[Service]:
    """Make a service with nothing running yet, and leave no process behind."""
    shop = Shop()
    made = None
    try:
        made = Service(folder, broker=broker, shop=shop, **settings)
        yield made
    finally:
        if made:
            made.stop()
        shop.close()
