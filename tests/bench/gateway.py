# ruff: noqa: E402 - the settings come first
"""What the rendered nginx costs on the way to a service, beside the shortest one that a person would write.

    python -m tests.bench.gateway [--rounds 9] [--seconds 2]

`gateway.throughput` and `gateway.p50` compare the nginx that is rendered for a topology of two dozen routes with a minimal one that
keeps connections and sends the headers of Debian's `proxy_params`, in front of the same service: a gunicorn that answers 2,000 bytes,
for which each header more is about 2 % of the time. The rendered one has limits of requests and connections, which the load does
not reach, and gzip, for which nobody asks. `gateway.keepalive`
compares the rendered one with itself without kept connections. `gateway.bare` puts both in front of an nginx that answers from memory,
so that nothing but the gateway costs anything; it has no goal. Load comes from wrk; the sides take turns. `noise` is the ratio of
a second minimal nginx to the first: far from 1, the machine is too busy to tell. Latencies are taken in more and shorter turns than
throughput, since a machine wanders by more within two seconds than the sides differ.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.test")
django.setup()  # the snapshot of rollouts has models

from strangler.core.stages import FULL, Rollout, RolloutStage
from strangler.core.topology import Topology
from strangler.gateway import nginx
from strangler.gateway.site import Site
from strangler.rollout.snapshot import Snapshot
from tests.bench._harness import Figure, compare, measure_alternating, report
from tests.bench.facade import GUNICORN, KEY, _free_port, _running
from tests.servers.catalogue import SERVERS, missing

SEAM, PAGE = "photos.page", "/photos/17/"
ROUTES = 24
CONNECTIONS = 16
LATENCY_ROUNDS_PER_ROUND = 3  # of one second each
TOPOLOGY = """
[services.images]
settings = "unused"
[[services.images.routes]]
name = "photos.page"
path = "/photos/<int:pk>/"
"""
MORE_ROUTES = """
[[services.images.routes]]
name = "shop.page{number}"
path = "/page{number}/<int:pk>/<slug:name>/"
methods = ["GET", "POST"]
"""
MINIMAL = """
upstream service {{ server {service}; keepalive 64; }}
server {{
    listen {port};
    location / {{
        proxy_pass http://service;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""
ANSWERING = 'server {{ listen {port}; keepalive_requests 10000000; location / {{ return 200 "{body}"; }} }}'
MAIN = """
daemon off;
pid {folder}/{name}.pid;
worker_processes 1;
pcre_jit on;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    client_body_temp_path {folder}/{name}-body;
    proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-fastcgi;
    uwsgi_temp_path {folder}/{name}-uwsgi;
    scgi_temp_path {folder}/{name}-scgi;
{http}
}}
"""


def main() -> int:
    """Measure and print the figures; exit 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    for server in missing("wrk", "nginx"):
        sys.stderr.write(f"{server.name} is not installed: apt-get install {' '.join(server.packages)}\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-gateway-") as folder:
        Path(folder).chmod(0o755)
        return report(*Bench(Path(folder), rounds=options.rounds, seconds=options.seconds).figures())


class Bench:
    """All servers of the comparison, in one folder."""

    def __init__(self, folder: Path, *, rounds: int, seconds: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.seconds = seconds

    def figures(self) -> list[Figure]:
        """Return what was measured."""
        with ExitStack() as stack:
            service = stack.enter_context(self._gunicorn())
            memory = stack.enter_context(self._nginx("memory", ANSWERING.replace("{body}", "x" * 2_000)))
            urls = {
                "ours": stack.enter_context(self._rendered("ours", service)),
                "peer": stack.enter_context(self._minimal("peer", service)),
                "again": stack.enter_context(self._minimal("again", service)),
                "closing": stack.enter_context(self._rendered("closing", service, keeps=False)),
                "bare_ours": stack.enter_context(self._rendered("bare_ours", memory)),
                "bare_peer": stack.enter_context(self._minimal("bare_peer", memory)),
            }
            throughput = measure_alternating(
                _sides(urls, "Requests/sec:", connections=CONNECTIONS, seconds=self.seconds),
                rounds=self.rounds,
            )
            compared = {name: urls[name] for name in ("ours", "peer", "again")}
            latency = measure_alternating(
                _sides(compared, "50%", connections=1, seconds=1),
                rounds=LATENCY_ROUNDS_PER_ROUND * self.rounds,
            )
        return [
            _requests("gateway.throughput", throughput, goal=0.95),
            _with_noise(
                compare(
                    "gateway.p50", ours=latency["ours"], peer=latency["peer"], unit="ms", goal=0.95, limit=1.0
                ),
                compare("", ours=latency["again"], peer=latency["peer"], unit="ms"),
            ),
            _requests("gateway.keepalive", throughput, peer="closing", goal=1.05),
            _requests("gateway.bare", throughput, ours="bare_ours", peer="bare_peer", goal=None),
        ]

    @contextmanager
    def _rendered(self, name: str, service: str, *, keeps: bool = True) -> Iterator[str]:
        port = _free_port()
        text = nginx.render(_site(self.folder, service, port=port))
        if not keeps:
            text = text.replace("    keepalive 64;\n", "").replace("    keepalive_timeout 1s;\n", "")
            text = text.replace('proxy_set_header Connection "";', "proxy_set_header Connection close;")
        with self._nginx(name, text.replace("{", "{{").replace("}", "}}"), port=port) as address:
            yield f"http://{address}{PAGE}"

    @contextmanager
    def _minimal(self, name: str, service: str) -> Iterator[str]:
        with self._nginx(name, MINIMAL.replace("{service}", service)) as address:
            yield f"http://{address}{PAGE}"

    @contextmanager
    def _nginx(self, name: str, http: str, *, port: int = 0) -> Iterator[str]:
        port = port or _free_port()
        configuration = self.folder / f"{name}.conf"
        configuration.write_text(MAIN.format(folder=self.folder, name=name, http=http.format(port=port)))
        log = self.folder / f"{name}.log"
        command = [
            str(SERVERS["nginx"].find("nginx")),
            "-p",
            str(self.folder),
            "-c",
            str(configuration),
            "-e",
            str(log),
        ]
        with _running(command, url=f"http://localhost:{port}/", log=log, environment=dict(os.environ)):
            yield f"localhost:{port}"

    @contextmanager
    def _gunicorn(self) -> Iterator[str]:
        address = f"127.0.0.1:{_free_port()}"
        command = [sys.executable, "-m", "gunicorn", "--bind", address, *GUNICORN, "--keep-alive", "75"]
        command.append("tests.bench.gateway_service:application")
        with _running(
            command, url=f"http://{address}/", log=self.folder / "gunicorn.log", environment=dict(os.environ)
        ):
            yield address


def _site(folder: Path, service: str, *, port: int) -> Site:
    path = folder / "strangler.toml"
    path.write_text(TOPOLOGY + "".join(MORE_ROUTES.format(number=number) for number in range(ROUTES)))
    topology = Topology.load(path)
    gateway = replace(
        topology.gateway,
        port=port,
        status_port=_free_port(),
        requests_per_second=100_000,
        connections_per_client=1_000,
        servers=MappingProxyType({"monolith": (service,), "images": (service,)}),
    )
    live = Rollout(seam=SEAM, stage=RolloutStage.LIVE, percent=FULL)
    return Site(replace(topology, gateway=gateway), Snapshot(rollouts=MappingProxyType({SEAM: live})))


def _sides(
    urls: Mapping[str, str], figure: str, *, connections: int, seconds: int
) -> dict[str, Callable[[], float]]:
    return {
        name: partial(_load, url, figure=figure, connections=connections, seconds=seconds)
        for name, url in urls.items()
    }


def _load(url: str, *, figure: str, connections: int, seconds: int) -> float:
    """Return the *figure* that wrk says; an error is an error. Latencies are milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    command += ["-H", f"Cookie: strangler_id={KEY}", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    number, unit = re.search(rf"{figure}\s+([\d.]+)(us|ms|s)?", said).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, None: 1}[unit]


def _requests(
    name: str,
    values: Mapping[str, list[float]],
    *,
    ours: str = "ours",
    peer: str = "peer",
    goal: float | None,
) -> Figure:
    def of(side: str, target: float | None) -> Figure:
        return compare(
            name, ours=values[side], peer=values[peer], unit="requests/s", higher_is_better=True, goal=target
        )

    figure = of(ours, goal)
    return _with_noise(figure, of("again", None)) if peer == "peer" else figure


def _with_noise(figure: Figure, noise: Figure) -> Figure:
    """Put the ratio of a second peer to the first beside a figure; far from 1, the machine is too busy to tell."""
    return replace(figure, details={"noise": round(noise.ratio, 3)})


if __name__ == "__main__":
    sys.exit(main())
