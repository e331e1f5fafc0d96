"""Two sides that remember what they got, and a server in front of them that was rendered from a topology."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from strangler.core.stages import RolloutStage
from strangler.gateway.site import Site
from tests.integration.facade.upstream import Seen, Upstream
from tests.integration.gateway.rendering import Answer, free_pair, make_site, request, send
from tests.servers.processes import PrivateServer, free_port

TOPOLOGY = """
[services.images]
settings = "unused"
[[services.images.routes]]
name = "images.page"
path = "/page/*"
methods = ["GET", "POST"]
[[services.images.routes]]
name = "images.photo"
path = "/page/<int:pk>/it's (a) photo/"
methods = ["DELETE"]
[[services.images.routes]]
name = "images.upload"
path = "/page/upload/"
methods = ["POST"]
max_body_bytes = 20_000_000
[[services.images.routes]]
name = "images.small"
path = "/small/*"
methods = ["POST"]
max_body_bytes = 1_000
idempotent = true
[[services.images.routes]]
name = "images.born"
path = "/born/*"
methods = ["GET", "POST"]
legacy = false
[[services.images.routes]]
name = "images.canary"
path = "/canary/*"
methods = ["GET"]
[[services.images.routes]]
name = "images.still"
path = "/still/*"
methods = ["GET"]
"""
STAGES = {
    "images.page": "live",
    "images.photo": "live",
    "images.upload": "live",
    "images.small": "live",
    "images.canary": "canary 30",
}
KEY = "a-visitor-key-1"
HEALTH = "/health/live"


REQUESTS = [
    ("GET", "/"),
    ("GET", "/page/"),
    ("HEAD", "/page/x"),
    ("POST", "/page/x"),
    ("PUT", "/page/x"),
    ("GET", "/Page/x"),
    ("GET", "/page"),
    ("GET", "/pages/"),
    ("GET", "/page/upload/"),
    ("DELETE", "/page/7/it's%20(a)%20photo/"),
    ("DELETE", "/page/7/it's%20(a)%20photo/x"),
    ("DELETE", "/page/7/it's%20(a)%20photo/%0A"),
    ("DELETE", "/page/seven/it's%20(a)%20photo/"),
    ("GET", "/%70age/x"),
    ("GET", "/page%2fx"),
    ("GET", "//page/x"),
    ("GET", "/page//x"),
    ("GET", "/page/%C3%A9/%FF"),
    ("OPTIONS", "/page/x"),
    ("GET", "/born/x"),
    ("PUT", "/born/x"),
    ("GET", "/still/x"),
]


def side_by_topology(site: Site, method: str, target: str) -> str:
    """Return the side that does a request by Python's own matching."""
    route = site.topology.match(method, unquote(target))
    if route is None:
        return "legacy"
    is_live = not route.has_legacy or site.rollout(route.name).stage is RolloutStage.LIVE
    return "service" if is_live else "legacy"


class Monolith(Upstream):
    """A monolith that knows who `sessionid=ada` is, and may renew the session when it is asked."""

    asked = 0
    renews = False

    def before_principal(self, client, _method) -> bool:
        self.asked += 1
        headers = [("Strangler-Principal", "signed for ada")]
        if self.renews:
            headers.append(("Set-Cookie", "sessionid=new; Path=/"))
            headers.append(("Strangler-Position", "strangler_position=1; Path=/"))
        return self.answer(client, "204 No Content", headers=headers)

    def do_echo(self, client, method, _argument) -> bool:
        body = json.dumps({"side": "legacy", "target": self.last.target}).encode()
        return self.answer(client, body=body, headers=[("Strangler-Side", "legacy")], method=method)


class Service(Upstream):
    """A service that notes when an upload begins."""

    def __post_init__(self) -> None:
        self.upload_began = threading.Event()
        super().__post_init__()

    def before_upload(self, client, _method) -> bool:
        self.seen.append(Seen("POST", "/page/upload/", [], 0, "", 0))
        self.upload_began.set()
        self.answer(client, headers=[("Connection", "close")])
        return False


class Stage:
    """Everything that runs."""

    def __init__(self, folder: Path, run: Callable[[Site], PrivateServer]) -> None:
        self.monolith, self.service = Monolith(), Service()
        self.port, self.status_port = free_port(), free_pair()
        servers = {"monolith": self.monolith.port, "images": self.service.port}
        self.site = make_site(
            TOPOLOGY, folder, stages=STAGES, port=self.port, status_port=self.status_port, servers=servers
        )
        self.server = run(self.site)

    def ask(self, method: str, target: str, **options) -> Answer:
        return send(self.port, request(method, target, **options))

    def side_of(self, method: str, target: str, **options) -> str:
        """Return which side got a request, `both` and `neither` included; HAProxy's own checks are none."""
        self.forget()
        self.ask(method, target, **options)
        sides = (("legacy", self.monolith), ("service", self.service))
        seen = [name for name, side in sides if any(each.target != HEALTH for each in side.seen)]
        return {0: "neither", 1: seen[0] if seen else "", 2: "both"}[len(seen)]

    def forget(self) -> None:
        self.monolith.forget()
        self.service.forget()

    def close(self) -> None:
        """Let go of the sides."""
        self.monolith.close()
        self.service.close()
