"""What the facade costs: requests that stay in the monolith, and requests that it forwards.

    python -m tests.bench.facade [--rounds 7] [--seconds 4]

`facade.legacy` compares the shop behind the facade with the bare shop in the same gunicorn process, for a page that
matches a route at stage `legacy` and for one that matches none; the figure is the worse of the two. Next to each
page stands its noise: the ratio of one half of the bare shop's turns to the other. Far from 1, the machine is too busy to tell.
Requests are counted by the second of processor time.
See Note [Turns] and Note [Every depth] in `facade_site`. Each round has a new process, and a load of *seconds* for each side.
`facade.forward` compares forwarding with django-revproxy, whose process is given no middleware at all, on the same
gunicorn and in front of the same nginx. Load comes from wrk; the sides take turns.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import requests

from tests.bench._harness import ROOT, Figure, compare, measure_alternating, report

KEY = "0123456789abcdef0123456789abcdef"
ROUTES = 12
GUNICORN = ["--worker-class", "gthread", "--workers", "1", "--threads", "8", "--no-control-socket"]
TIMES = "/times/"  # a path of the site in which sides take turns
SIDES = ("ours", "peer", "again")
PAGES = {"matched": "/", "unmatched": "/account/login/"}
FORWARDED = "/photos/17/"
ANSWER_BYTES = 2_000

TOPOLOGY = """
[services.images]
settings = "unused"
[[services.images.routes]]
name = "shop.home"
path = "/"
[[services.images.routes]]
name = "photos.page"
path = "/photos/<int:pk>/"
"""
NGINX = """
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    server {{ listen {address}; location / {{ return 200 "{answer}"; }} }}
}}
"""
MORE_ROUTES = """
[[services.images.routes]]
name = "shop.page{number}"
path = "/page{number}/<int:pk>/<slug:name>/"
methods = ["GET", "POST"]
"""


def main() -> int:
    """Measure and print `facade.legacy` and `facade.forward`; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--figure", action="append", choices=["legacy", "forward"], help="only this one")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed. Install it with: apt-get install wrk\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-facade-") as folder:
        bench = Bench(Path(folder), rounds=options.rounds, seconds=options.seconds)
        figures = {"legacy": bench.legacy, "forward": bench.forward}
        return report(*(figures[name]() for name in options.figure or figures))


class Bench:
    """The two comparisons, in a folder with one database."""

    def __init__(self, folder: Path, *, rounds: int, seconds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.seconds = seconds
        topology = folder / "strangler.toml"
        topology.write_text(TOPOLOGY + "".join(MORE_ROUTES.format(number=n) for n in range(ROUTES)))
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.bench.facade_settings",
            "DATABASE_URL": f"sqlite:///{folder / 'shop.sqlite3'}",
            "BENCH_TOPOLOGY": str(topology),
            "BENCH_URLCONF": "monolith.urls",
            "BENCH_UPSTREAM": "http://127.0.0.1:9",
            "MEDIA_ROOT": str(folder / "media"),
        }
        self._manage("migrate", "-v0")
        self._manage("seed", "--force", "-v0")  # the pages of an empty shop are lighter than anybody's

    def legacy(self) -> Figure:
        """Compare the wrapped shop with the bare one, and the bare one with itself to show the noise.

        Of two gunicorns with the same code one stays a few percent slower for as long as it lives: dictionaries and
        memory lie otherwise. So the sides of a round take turns in one process, and each round has a new one.
        """
        values: dict[str, dict[str, list[float]]] = {name: {side: [] for side in SIDES} for name in PAGES}
        for _ in range(self.rounds):
            with self._serve("either") as url:
                for name, path in PAGES.items():
                    for side, rate in _turns(url, path, seconds=self.seconds * len(SIDES)).items():
                        values[name][side].append(rate)
        figures = [self._legacy_page(name, values[name]) for name in PAGES]
        worse = min(figures, key=lambda figure: figure.ratio)
        details = {key: value for figure in figures for key, value in figure.details.items()}
        return replace(worse, details=details)

    def _legacy_page(self, name: str, values: dict[str, list[float]]) -> Figure:
        noise = compare("", ours=values["again"], peer=values["peer"], unit="", higher_is_better=True)
        figure = compare(
            "facade.legacy",
            ours=values["ours"],
            peer=[statistics.fmean(pair) for pair in zip(values["peer"], values["again"], strict=True)],
            unit="requests/s of processor time",
            higher_is_better=True,
            goal=0.97,
        )
        return replace(figure, details={name: round(figure.ratio, 3), f"{name}_noise": round(noise.ratio, 3)})

    def forward(self) -> Figure:
        """Compare forwarding with django-revproxy."""
        force = ("--force", "--reason", "a measurement")
        self._manage("strangler", "rollout", "photos.page", "live", "--wait-seconds", "0", *force)
        with ExitStack() as stack:
            upstream = {"BENCH_UPSTREAM": stack.enter_context(self._nginx())}
            peer_site = {**upstream, "BENCH_URLCONF": "tests.bench.facade_site", "BENCH_BARE": "1"}
            ours = stack.enter_context(self._serve("wrapped", **upstream))
            peer = stack.enter_context(self._serve("bare", **peer_site))
            self._expect_forwarded(ours, peer)
            urls = {"ours": ours + FORWARDED, "peer": peer + FORWARDED}
            values = self._measure(urls, rounds=self.rounds, seconds=self.seconds)
        return compare("facade.forward", **values, unit="requests/s", higher_is_better=True, goal=1.5)

    def _measure(self, urls: dict[str, str], *, rounds: int, seconds: int) -> dict[str, list[float]]:
        sides: dict[str, Callable[[], float]] = {
            side: partial(_load, url, seconds=seconds) for side, url in urls.items()
        }
        return measure_alternating(sides, rounds=rounds)

    def _expect_forwarded(self, ours: str, peer: str) -> None:
        answers = [requests.get(base + FORWARDED, timeout=10) for base in (ours, peer)]
        if [len(answer.content) for answer in answers] != [ANSWER_BYTES, ANSWER_BYTES]:
            raise RuntimeError(f"not forwarded: {[answer.text[:200] for answer in answers]}")
        if answers[0].headers.get("Strangler-Side") != "service":
            raise RuntimeError(f"the facade did not forward: {answers[0].headers}")

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "django", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def _nginx(self) -> Iterator[str]:
        address = f"127.0.0.1:{_free_port()}"
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, address=address, answer="x" * ANSWER_BYTES))
        command = ["nginx", "-c", str(configuration), "-e", str(self.folder / "nginx.log")]
        with _running(
            command, url=f"http://{address}/", log=self.folder / "nginx.out", environment=self.environment
        ):
            yield f"http://{address}"

    @contextmanager
    def _serve(self, application: str, **variables: str) -> Iterator[str]:
        address = f"127.0.0.1:{_free_port()}"
        command = [sys.executable, "-m", "gunicorn", "--bind", address, *GUNICORN]
        command.append(f"tests.bench.facade_site:{application}")
        log = self.folder / f"{application}-{address}.log"
        environment = {**self.environment, **variables}
        with _running(command, url=f"http://{address}{PAGES['unmatched']}", log=log, environment=environment):
            yield f"http://{address}"


def _turns(url: str, path: str, *, seconds: int) -> dict[str, float]:
    """Return each side's requests per second of processor time; ours is charged with what the facade's threads compute."""
    _load(url + path, seconds=1)
    before = requests.get(url + TIMES, timeout=10).json()
    _load(url + path, seconds=seconds)
    found = requests.get(url + TIMES, timeout=10).json()
    share = (
        found["threads"] - before["threads"]
    ) / seconds  # of the one processor that a process of Python has
    rates = {side: 1 / statistics.fmean(taken) for side, taken in found["sides"].items()}
    return {**rates, "ours": rates["ours"] * (1 - share)}


def _load(url: str, *, seconds: int) -> float:
    """Return the requests per second that wrk saw answered; an error is an error."""
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-H", f"Cookie: strangler_id={KEY}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


@contextmanager
def _running(command: list[str], *, url: str, log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        try:
            _wait_for(url, process, log)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        try:
            requests.get(url, timeout=10)
        except requests.ConnectionError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} did not come up: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
