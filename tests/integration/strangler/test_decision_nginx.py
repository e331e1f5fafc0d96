"""Python and a running nginx put every client on the same side."""

import http.client
from decimal import Decimal

import pytest

from strangler.core.decision import Side, decide
from strangler.core.stages import Rollout, RolloutStage, format_percent

SEAM = "images.upload"
PERCENTS = [Decimal(text) for text in ("0.01", "1", "12.25", "25", "50", "99", "99.99")]
KEYS = [*(f"visitor-{n}" for n in range(3000)), "a", "ab", "abc", "abcd", "é", "x" * 200]


def splits() -> str:
    blocks = []
    for number, percent in enumerate(PERCENTS):
        share = f"{format_percent(percent)}% service; * legacy;"
        blocks.append(f'split_clients "${{http_key}}{SEAM}" $side{number} {{ {share} }}')
    return "\n".join(blocks)


@pytest.fixture
def connection(nginx):
    answer = " ".join(f"$side{number}" for number in range(len(PERCENTS)))
    server = nginx(
        f"{splits()}\nkeepalive_requests 100000;\n"
        f'server {{ listen 127.0.0.1:@PORT@; location / {{ return 200 "{answer}"; }} }}'
    )
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield client
    client.close()


def nginx_sides(connection, key: str) -> list[str]:
    connection.request("GET", "/", headers={"Key": key.encode()})
    return connection.getresponse().read().decode().split()


def python_sides(key: str) -> list[str]:
    rollouts = [Rollout(seam=SEAM, stage=RolloutStage.CANARY, percent=percent) for percent in PERCENTS]
    return [decide(rollout, key=key).side.value for rollout in rollouts]


def test_nginx_and_python_agree_on_every_key_at_every_percentage(connection):
    sides = {key: (nginx_sides(connection, key), python_sides(key)) for key in KEYS}
    differing = {key: pair for key, pair in sides.items() if pair[0] != pair[1]}
    assert differing == {}
    assert any(Side.SERVICE.value in ours for _, ours in sides.values())
