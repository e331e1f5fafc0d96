"""Calls follow the request that makes them: its key, its overrides, its id and its trace; on WSGI and ASGI alike."""

from __future__ import annotations

import re

import pytest
import requests

from strangler.core.decision import bucket, threshold
from strangler.core.stages import parse_percent

SEAM = "images.note"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def in_canary(site):
    """The site with half of the keys of the call on the service."""
    site.move("canary", "note", percent="50")
    yield site
    site.move("legacy", "note")


def call(site, *, word="x", **headers):
    return site.request("GET", f"/call/?word={word}", headers=headers).json()


def side_of(key: str) -> str:
    return "service" if bucket(key, seam=SEAM) < threshold(parse_percent("50", seam=SEAM)) else "legacy"


@pytest.mark.parametrize("number", range(6))
def test_the_cookie_decides_as_it_does_for_routes(in_canary, number):
    key = f"{number:032x}"
    answer = call(in_canary, Cookie=f"strangler_id={key}")
    assert answer["side"] == side_of(key)
    if answer["side"] == "service":
        assert answer["strangler-decision-key"] == key


@pytest.mark.parametrize("word", ["alpha", "bravo", "charlie", "delta", "echo"])
def test_without_a_cookie_the_calls_own_key_decides_and_none_is_set(in_canary, word):
    answer = in_canary.request("GET", f"/call/?word={word}")
    assert answer.json()["side"] == side_of(word)
    assert "Set-Cookie" not in answer.headers


def test_a_signed_wish_counts_for_calls_too(in_canary):
    for side in ("legacy", "service"):
        parameters = {"seam": SEAM, "side": side}
        token = requests.get(f"{in_canary.url}/_override", params=parameters, timeout=5).text
        assert call(in_canary, **{"Strangler-Override": token})["side"] == side
    assert call(in_canary, word="alpha", **{"Strangler-Override": "forged"})["side"] == side_of("alpha")


def test_a_wish_of_staff_counts_only_for_staff(in_canary):
    other = "legacy" if side_of("x") == "service" else "service"
    parameters = {"seam": SEAM, "side": other, "staff_only": "1"}
    token = requests.get(f"{in_canary.url}/_override", params=parameters, timeout=5).text
    assert call(in_canary, **{"Strangler-Override": token})["side"] == side_of("x")
    with requests.Session() as staff:
        staff.get(f"{in_canary.url}/_login?staff", timeout=5)
        headers = {"Strangler-Override": token}
        assert staff.get(f"{in_canary.url}/call/?word=x", headers=headers, timeout=5).json()["side"] == other


def test_a_message_carries_request_trace_and_decision(site):
    site.move("live", "note")
    try:
        sent = call(site, traceparent=TRACEPARENT, **{"Strangler-Request-Id": "spoofed"})
    finally:
        site.move("legacy", "note")
    assert sent["strangler-traceparent"] == TRACEPARENT
    assert sent["strangler-decision"] == f"{SEAM}=service;stage"
    assert re.fullmatch(r"[0-9a-f]{32}", sent["strangler-correlation-id"])


def test_a_malformed_trace_is_not_carried(site):
    assert "traceparent" not in call(site, traceparent="00-nonsense")
