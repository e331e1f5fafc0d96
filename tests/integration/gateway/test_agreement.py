"""Python, nginx and HAProxy put every client on the same side: what is rendered runs in the real servers."""

import random
from decimal import Decimal

import pytest

from strangler.core.decision import bucket, threshold
from strangler.core.paths import PathPattern
from strangler.core.seams import Route
from strangler.core.stages import Rollout, RolloutStage
from strangler.core.topology import Topology
from strangler.gateway import haproxy as haproxy_text
from strangler.gateway import nginx as nginx_text
from strangler.gateway.seams import SeamView
from strangler.gateway.site import Site
from tests.integration.gateway.pipelining import ask
from tests.servers.fixtures import require_server
from tests.servers.haproxy import HAProxy
from tests.servers.processes import free_port

SEAMS = ("images.upload", "email.welcome", "reports.monthly", "a.b", "catalog.products.search")
PERCENTS = [Decimal(percent) for percent in (0, 1, 25, 50, 99, 100)]
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"


def combinations() -> list[SeamView]:
    found = []
    for number, seam in enumerate(SEAMS):
        route = Route(name=seam, service="x", pattern=PathPattern.parse("/"), methods=frozenset({"GET"}))
        for percent in PERCENTS:
            rollout = Rollout(seam=seam, stage=RolloutStage.CANARY, percent=percent)
            found.append(SeamView(route, rollout, f"{number}_{percent}"))
    return found


@pytest.fixture(scope="module")
def keys() -> list[str]:
    """10,000 keys as clients have them, of every length that the hash treats differently."""
    source = random.Random(6)
    return ["".join(source.choices(ALPHABET, k=source.randint(8, 64))) for _ in range(10_000)]


@pytest.fixture(scope="module")
def expected(keys) -> list[str]:
    """What Python decides: one letter for each seam and percentage."""
    ends = [threshold(percent) for percent in PERCENTS]
    return ["".join(_letters(bucket(key, seam=seam), ends) for seam in SEAMS) for key in keys]


def _letters(place: int, ends: list[int]) -> str:
    return "".join("s" if place < end else "l" for end in ends)


def differing(keys, expected, answers) -> list[tuple[str, str, str]]:
    return [
        (key, ours, theirs)
        for key, ours, theirs in zip(keys, expected, answers, strict=True)
        if ours != theirs
    ]


def test_python_puts_some_clients_on_each_side_at_each_percentage(expected):
    for place, percent in enumerate(PERCENTS * len(SEAMS)):
        share = sum(letters[place] == "s" for letters in expected) / len(expected) * 100
        assert abs(share - float(percent)) < 2


def test_nginx_agrees_with_python_on_every_key_seam_and_percentage(nginx, keys, expected):
    views = combinations()
    blocks = "\n".join(nginx_text.split(view) for view in views)
    answer = " ".join(f"$side_of_{view.name}" for view in views)
    server = nginx(
        f"variables_hash_max_size 2048;\nkeepalive_requests 100000;\n"
        f"map $cookie_strangler_id $strangler_key {{ default $cookie_strangler_id; }}\n{blocks}\n"
        f'server {{ listen 127.0.0.1:@PORT@; location / {{ return 200 "{answer}"; }} }}'
    )
    answers = ["".join(word[0] for word in body.split()) for body in ask(server.port, keys)]
    assert differing(keys, expected, answers) == []


def test_haproxy_agrees_with_python_on_every_key_seam_and_percentage(keys, expected):
    require_server("haproxy")
    views, port = combinations(), free_port()
    lines = []
    for number, view in enumerate(views):
        if number % len(PERCENTS) == 0:
            bucket_of = f"req.cook(strangler_id),concat({view.seam}),lua.strangler_bucket"
            lines.append(f"http-request set-var(txn.bucket) {bucket_of}")
        lines.append(f"http-request set-var(txn.d{number}) str(l)")
        lines.append(f"http-request set-var(txn.d{number}) str(s) if {haproxy_text.share(view)}")
    answer = "".join(f"%[var(txn.d{number})]" for number in range(len(views)))
    configuration = f"""
global
    default-path config
    lua-load strangler.lua
    tune.vars.txn-max-size 8192
defaults
    mode http
    timeout client 30s
    timeout connect 5s
    timeout server 30s
frontend test
    bind 127.0.0.1:{port}
    {chr(10).join(lines)}
    http-request return status 200 content-type text/plain lf-string "{answer}"
"""
    script = haproxy_text.script(Site(Topology()))
    with HAProxy({"haproxy.cfg": configuration, "strangler.lua": script}, port=port) as server:
        answers = [body.strip() for body in ask(server.port, keys)]
    assert differing(keys, expected, answers) == []
