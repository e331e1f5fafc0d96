"""Requests of the shadow worker to the monolith: past every decision, if their token is one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from strangler import tokens

KEYS = ["a signing key of the tests, 32 or more"]


@pytest.fixture
def token(settings):
    settings.STRANGLER = {"SIGNING_KEYS": KEYS}
    return tokens.sign_shadow("7", audience=tokens.MONOLITH)


@pytest.mark.parametrize("path", ["/safe/header/", "/health/sandbox"])
def test_a_replay_goes_to_legacy_with_its_header_and_is_not_counted(site, upstream, token, path):
    before = site.tallies("safe")
    answer = site.request("GET", path, headers={"Strangler-Shadow": token})
    assert answer.json() == {"shadow": token, "decision": "None", "suspended": True}
    assert "Strangler-Side" not in answer.headers
    assert site.tallies("safe") == before
    assert upstream.seen == []


@pytest.mark.parametrize("forged", ["x", "", "service"])
def test_what_only_claims_to_be_a_replay_is_a_plain_request(site, upstream, settings, forged):
    settings.STRANGLER = {"SIGNING_KEYS": KEYS}
    value = tokens.sign_shadow("7", audience="images") if forged == "service" else forged
    answer = site.request("GET", "/health/sandbox", headers={"Strangler-Shadow": value})
    assert answer.json() == {"shadow": None, "decision": "None", "suspended": False}
    answer = site.request("GET", "/safe/echo", headers={"Strangler-Shadow": value})
    assert answer.headers["Strangler-Side"] == "service"
    assert upstream.last.all("Strangler-Shadow") == []


def test_a_replay_that_came_too_late_keeps_its_header_so_that_the_sandbox_refuses_it(site, settings):
    settings.STRANGLER = {"SIGNING_KEYS": KEYS}
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=2)):
        late = tokens.sign_shadow("7", audience=tokens.MONOLITH)
    answer = site.request("GET", "/health/sandbox", headers={"Strangler-Shadow": late})
    assert answer.json() == {"shadow": late, "decision": "None", "suspended": True}


def test_two_tokens_are_none(site, token):
    lines = ["GET /health/sandbox HTTP/1.1", "Host: x", f"Strangler-Shadow: {token}", "Strangler-Shadow: x"]
    answer = site.send_raw("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    assert b'"shadow": null' in answer, os.linesep.join(lines)
