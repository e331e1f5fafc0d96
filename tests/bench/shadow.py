"""What shadowing costs the user: the 99th percentile of the answer, at equal offered load below saturation; and memory.

    python -m tests.bench.shadow [--rounds 12] [--seconds 5] [--load 0.35] [--percent 100]

The shop's home page behind the facade on gunicorn, twice: with a candidate that answers, and with one that accepts and never
answers. First it is measured how many requests a second the shop can answer; a share of that is offered, in rounds in which
each shop is asked with its seam at legacy and with its seam at shadow: a rollout changes it, since two processes with the same
work differ by more than what is looked for. `shadow.on` and `shadow.hung` are the p99 without shadow beside that with it; the
two shops without shadow beside each other are the noise. `shadow.mirror` is our p99 with the hung candidate, beside that of
nginx's `mirror` with the same candidate, in front of a shop without shadow. `shadow.memory` is the memory of whichever shop
has grown most, at the end beside a third of the way. The shadow workers run on the same machine, as they come. The load is
open: requests come at a fixed rate, whatever becomes of those before.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import requests

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, percentile, report

KEY = "0123456789abcdef0123456789abcdef"
SEAM = "shop.home"
FOLLOWED_AFTER_SECONDS = 2.0  # a snapshot is a second old at most
MIRROR_ROUNDS = 2  # each takes as long as the hung candidate is waited for
BURST, BURST_RATE = 300, 1_000  # requests that show what the shop can do
GUNICORN = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]
TOPOLOGY = f"""
[services.images]
settings = "unused"
[[services.images.routes]]
name = "{SEAM}"
path = "/"
"""
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    upstream shop {{ server {shop}; keepalive 32; }}
    server {{ listen {candidate}; location / {{ return 200 "candidate"; }} }}
    server {{
        listen {mirror};
        location / {{
            mirror /mirror;
            proxy_pass http://shop; proxy_http_version 1.1;
            proxy_set_header Connection ""; proxy_set_header Host $http_host;
        }}
        location = /mirror {{ internal; proxy_pass http://{hung}$request_uri; proxy_read_timeout 10s; }}
    }}
}}
"""


def main() -> int:
    """Measure and print the four figures; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5, help="of each side in each round")
    parser.add_argument("--load", type=float, default=0.35, help="share of what the shop can answer")
    parser.add_argument("--percent", type=int, default=100, help="share of the requests that is shadowed")
    options = parser.parse_args()
    if shutil.which("nginx") is None:
        sys.stderr.write("nginx is not installed. Install it with: apt-get install nginx\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-shadow-") as folder, ExitStack() as stack:
        return report(*Bench(Path(folder), options, stack).measure())


class Bench:
    """The shops, the candidates and nginx, in one folder."""

    def __init__(self, folder: Path, options: argparse.Namespace, stack: ExitStack) -> None:
        self.folder = folder
        self.options = options
        self.stack = stack
        (folder / "strangler.toml").write_text(TOPOLOGY)
        self.addresses = {name: _free_address() for name in ("candidate", "mirror")}
        self.addresses["hung"] = stack.enter_context(_hung())
        shops = {"on": "candidate", "hung": "hung"}
        self.shops = {name: Shop(self, name, candidate=candidate) for name, candidate in shops.items()}
        self._start_nginx(self.shops["on"].address)
        self.capacity = self._measure_capacity()
        self.rate = self.capacity * options.load

    def measure(self) -> list[Figure]:
        """Return the four figures."""
        sides = {}
        for name in self.shops:
            sides[f"{name}, legacy"] = partial(self._p99_of, name, "legacy")
            sides[name] = partial(self._p99_of, name, "shadow", str(self.options.percent))
        p99s = measure_alternating(sides, rounds=self.options.rounds)
        memory = self._memory()
        beside = measure_alternating(
            {"hung": sides["hung"], "mirror": self._p99_of_mirror}, rounds=MIRROR_ROUNDS, warmups=0
        )
        return [*self._figures(p99s), self._mirror(beside), memory]

    def _figures(self, p99s: dict[str, list[float]]) -> Iterator[Figure]:
        noise = compare("", ours=p99s["on, legacy"], peer=p99s["hung, legacy"], unit="ms").ratio
        for name, shop in self.shops.items():
            details = {
                "noise": round(noise, 3),
                "percent": self.options.percent,
                "rate": round(self.rate, 1),
                "capacity": round(self.capacity, 1),
                **shop.counts(),
            }
            yield compare(
                f"shadow.{name}",
                ours=p99s[name],
                peer=p99s[f"{name}, legacy"],
                unit="ms at the 99th percentile",
                goal=0.95,
                details=details,
            )

    def _mirror(self, p99s: dict[str, list[float]]) -> Figure:
        unit = "ms at the 99th percentile"
        return compare("shadow.mirror", ours=p99s["hung"], peer=p99s["mirror"], unit=unit, goal=1.0)

    def _memory(self) -> Figure:
        growths = {}
        for name in ("on", "hung"):
            seen = self.shops[name].memory_mib
            growths[name] = compare("", ours=[seen[-1]], peer=[seen[len(seen) // 3]], unit="MiB")
        worst = min(growths.values(), key=lambda each: each.ratio)
        return replace(worst, bench="shadow.memory", goal=0.95, rounds=self.options.rounds)

    def _measure_capacity(self) -> float:
        """Return how many requests a second the shop can answer, the second time it is asked for many at once."""
        url = f"http://{self.shops['on'].address}/"
        measured = [self._ask(url, rate=BURST_RATE, seconds=BURST / BURST_RATE) for _ in range(2)][-1]
        return len(measured["took_ms"]) / measured["seconds"]

    def _p99_of(self, name: str, *stage: str) -> float:
        shop = self.shops[name]
        shop.stand_at(*stage)
        p99 = self._p99(f"http://{shop.address}/")
        shop.note_memory()
        return p99

    def _p99_of_mirror(self) -> float:
        self.shops["on"].stand_at("legacy")
        return self._p99(f"http://{self.addresses['mirror']}/")

    def _p99(self, url: str) -> float:
        measured = self._ask(url, rate=self.rate, seconds=self.options.seconds)
        return percentile(measured["took_ms"], percent=99)

    def _ask(self, url: str, *, rate: float, seconds: float) -> dict:
        command = [sys.executable, "-m", "tests.bench._open_loop", url, "--rate", str(rate)]
        command += ["--seconds", str(seconds), "--header", f"Cookie: strangler_id={KEY}"]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        measured = json.loads(said)
        if measured["failed"]:
            raise RuntimeError(f"{url}: {measured['failed']} requests failed")
        return measured

    def _start_nginx(self, shop: str) -> None:
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, shop=shop, **self.addresses))
        command = ["nginx", "-c", str(configuration), "-e", str(self.folder / "nginx.log")]
        log = self.folder / "nginx.out"
        process = self.stack.enter_context(_running(command, log=log, environment=dict(os.environ)))
        _wait_for(f"http://{self.addresses['candidate']}/", process, log)


class Shop:
    """One shop behind the facade, with a database and a shadow worker of its own."""

    def __init__(self, bench: Bench, name: str, *, candidate: str) -> None:
        self.address = _free_address()
        self.folder = bench.folder / name
        self.folder.mkdir()
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bench.facade_settings",
            "DATABASE_URL": f"sqlite:///{self.folder / 'shop.sqlite3'}",
            "BENCH_TOPOLOGY": str(bench.folder / "strangler.toml"),
            "BENCH_URLCONF": "monolith.urls",
            "BENCH_UPSTREAM": f"http://{bench.addresses[candidate]}",
            "MONOLITH_URL": f"http://{self.address}",
            "MEDIA_ROOT": str(self.folder / "media"),
        }
        self.manage("migrate", "-v0")
        self.manage("seed", "--force", "-v0")
        command = [sys.executable, "-m", "gunicorn", "--bind", self.address, *GUNICORN]
        log = self.folder / "shop.log"
        self.process = bench.stack.enter_context(
            _running([*command, "tests.bench.facade_site:wrapped"], log=log, environment=self.environment)
        )
        _wait_for(f"http://{self.address}/", self.process, log)
        self.memory_mib: list[float] = []
        worker = [sys.executable, "-m", "django", "strangler", "shadow"]
        log = self.folder / "worker.log"
        bench.stack.enter_context(_running(worker, log=log, environment=self.environment))

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it prints."""
        command = [sys.executable, "-m", "django", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def stand_at(self, *stage: str) -> None:
        """Move the seam there, and return when the shop has followed and is at rest again."""
        self.manage("strangler", "rollout", SEAM, *stage, "--wait-seconds", "0")
        time.sleep(FOLLOWED_AFTER_SECONDS)

    def note_memory(self) -> None:
        """Take note of the resident memory of gunicorn's worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in children]
        self.memory_mib.append(sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in texts) / 1024)

    def counts(self) -> dict[str, object]:
        """Return how many captures were compared and wait, and how many were lost for which cause."""
        said = self.manage("shell", "--no-imports", "-c", _COUNT)
        return json.loads(said.strip().splitlines()[-1])


_COUNT = """
import json
from datetime import datetime, UTC
from strangler.shadow import captures, losses
from strangler.shadow.models import ComparisonRecord
lost = losses.totals(since=datetime(2000, 1, 1, tzinfo=UTC)).get("shop.home", {})
compared = ComparisonRecord.objects.count()
print(json.dumps({"compared": compared, "waiting": captures.count_pending(limit=100_000), "lost": lost}))
"""


@contextmanager
def _hung() -> Iterator[str]:
    """Run a candidate that accepts every connection and never answers; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    held: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                held.append(listener.accept()[0])
                del held[:-2000]

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield "{}:{}".format(*listener.getsockname())
    finally:
        listener.close()


@contextmanager
def _running(command: list[str], *, log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        with suppress(requests.ConnectionError):
            requests.get(url, timeout=10)
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not come up: {log.read_text()[-2000:]}")


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


if __name__ == "__main__":
    sys.exit(main())
