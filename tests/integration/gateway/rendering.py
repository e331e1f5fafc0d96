"""Render a site for servers that run here."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from strangler.core.stages import Rollout, RolloutStage
from strangler.core.topology import Topology
from strangler.gateway.site import Site
from strangler.rollout.snapshot import Snapshot
from tests.servers.processes import free_port


@dataclass(frozen=True)
class Answer:
    """What came back for raw bytes: the status of the first answer, and everything."""

    status: int
    data: bytes

    def header(self, name: str) -> list[str]:
        """Return all values of a field."""
        head = self.data.partition(b"\r\n\r\n")[0].decode("latin-1")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]


def make_site(
    text: str,
    folder: Path,
    *,
    stages: Mapping[str, str],
    port: int,
    status_port: int,
    servers: Mapping[str, int],
    revision: int = 1,
) -> Site:
    """Return a site of the topology *text*, whose seams stand at *stages*: `live`, `canary 25`."""
    path = folder / "strangler.toml"
    path.write_text(text)
    topology = Topology.load(path)
    gateway = replace(
        topology.gateway,
        port=port,
        status_port=status_port,
        requests_per_second=0,
        connections_per_client=0,
        servers=MappingProxyType({name: (f"127.0.0.1:{each}",) for name, each in servers.items()}),
    )
    rollouts = {seam: _rollout(seam, stage) for seam, stage in stages.items()}
    snapshot = Snapshot(revision=revision, rollouts=MappingProxyType(rollouts))
    return Site(
        replace(topology, gateway=gateway),
        snapshot,
        login_cookies=("accountsession",),
        service_cookies=MappingProxyType({"images": ("messages", "accountsession")}),
    )


def free_pair() -> int:
    """Return a free port whose neighbour is free too: nginx says its version at the one, HAProxy at the other."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port + 1))
            return port


def _rollout(seam: str, words: str) -> Rollout:
    stage, _, percent = words.partition(" ")
    return Rollout(seam=seam, stage=RolloutStage(stage), percent=Decimal(percent or 0))


def send(port: int, data: bytes, *, wait_seconds: float = 5) -> Answer:
    """Send bytes as they are, say that this was all, and return what comes back until the server closes."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait_seconds) as connection:
        connection.sendall(data)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while piece := connection.recv(65536):
                received += piece
    status = received.split(b" ", 2)[1] if received.startswith(b"HTTP/") else b"0"
    return Answer(int(status), received)


def request(method: str, target: str, *, host: str = "localhost", body: str = "", **headers: str) -> bytes:
    """Return one request that asks for the end of the connection."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body or method in {"POST", "PUT"}:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join([*lines, "", ""]) + body).encode("latin-1")
