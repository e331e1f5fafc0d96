"""Two sides that captures are replayed to, and captures of what one of them did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import MappingProxyType
from uuid import uuid4

import pytest
from django.utils import timezone

from strangler.core.capture import Capture, RecordedCall, RecordedRequest
from strangler.core.decision import Side
from strangler.core.observation import Effects, Observation
from strangler.core.paths import PathPattern
from strangler.core.seams import Call, Route, Service
from strangler.core.topology import Topology
from strangler.tokens import MONOLITH
from tests.integration.strangler.sandbox_server import SandboxServer

Make = Callable[..., Capture]


@pytest.fixture
def service(two_sides) -> SandboxServer:
    """The candidate."""
    return two_sides[0]


@pytest.fixture
def legacy(two_sides) -> SandboxServer:
    """The monolith as it is replayed to."""
    return two_sides[1]


@pytest.fixture
def two_sides(settings) -> Iterator[tuple[SandboxServer, SandboxServer]]:
    """Both sides, and a topology that leads to them: routes `shop.page` and `shop.buy`, and the call `shop.send`."""
    settings.STRANGLER = {"SIGNING_KEYS": ["k" * 40]}
    service, legacy = SandboxServer("shop"), SandboxServer(MONOLITH)
    page = Route(
        name="shop.page", service="shop", pattern=PathPattern.parse("/page/"), methods=frozenset({"GET"})
    )
    buy = Route(
        name="shop.buy", service="shop", pattern=PathPattern.parse("/buy/"), methods=frozenset({"POST"})
    )
    send = Call(name="shop.send", service="shop", task="shop.deliver", queue="shop")
    shop = Service(name="shop", settings="shop.settings", routes=(page, buy), calls=(send,))
    settings.STRANGLER = {
        "TOPOLOGY": Topology(services=MappingProxyType({"shop": shop})),
        "SIGNING_KEYS": ["k" * 40],
        "SERVICE_URLS": {"shop": service.url},
        "MONOLITH_URL": legacy.url,
        "SHADOW_TIMEOUT": timedelta(seconds=5),
        "SHADOW_NOISE_PERCENT": 0,
        "SHADOW_THREADS": 3,
        "SNAPSHOT_INTERVAL": timedelta(0),
    }
    yield service, legacy
    service.close()
    legacy.close()


@pytest.fixture
def make() -> Make:
    """Return a maker of captures."""

    def make_capture(
        method: str = "POST",
        *,
        body: object = None,
        side: Side = Side.LEGACY,
        effects: Effects | None = None,
        principal: dict[str, object] | None = None,
        call: RecordedCall | None = None,
        target: str = "",
    ) -> Capture:
        seam = "shop.send" if call else {"GET": "shop.page", "POST": "shop.buy"}[method]
        asked = call or RecordedRequest(
            method=method,
            target=target or ("/page/?n=1" if method == "GET" else "/buy/"),
            headers=(
                ("Host", "shop.example"),
                ("Content-Type", "application/json"),
                ("Accept-Encoding", "br"),
            ),
            body=b'{"n": 1}' if method == "POST" else b"",
            principal=principal,
            fields=("n",),
        )
        control = Observation(
            side=side,
            status=200,
            headers=(("Content-Type", "application/json"),),
            body=json.dumps({"total": 7} if body is None else body).encode(),
            effects=effects,
        )
        return Capture(id=uuid4(), seam=seam, asked=asked, control=control, captured_at=timezone.now())

    return make_capture
