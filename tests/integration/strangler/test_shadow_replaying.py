"""A capture reaches a side only where it can do no harm, and only what the side did is an observation."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest

from strangler.core.capture import RecordedCall
from strangler.core.decision import Side
from strangler.errors import ConfigurationError, NotObservedError
from strangler.shadow.reasons import Reason
from strangler.shadow.replaying import Replayer
from strangler.shadow.sides import Peer
from strangler.tokens import PRINCIPAL_HEADER, read_principal
from tests.integration.strangler.sandbox_server import effects


@pytest.fixture
def replayer(two_sides):
    made = Replayer()
    yield made
    made.close()


def refused(replayer, capture, *, side=Side.SERVICE):
    with pytest.raises(NotObservedError) as caught:
        replayer.replay(capture, side=side)
    return caught.value.reason


def test_a_write_is_observed_in_the_sandbox_with_its_effects(replayer, service, make):
    service.effects = effects(total=7)
    seen = replayer.replay(make(), side=Side.SERVICE)
    assert (seen.side, seen.status, json.loads(seen.body)) == (Side.SERVICE, 200, {"total": 7})
    assert seen.effects == effects(total=7)


def test_what_was_asked_is_asked_again_with_the_host_of_then(replayer, service, make):
    capture = make(principal={"id": "7", "username": "ann"})
    replayer.replay(capture, side=Side.SERVICE)
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/buy/", b'{"n": 1}')
    assert asked.capture == str(capture.id)
    assert asked.headers["Host"] == "shop.example"
    assert asked.headers["Accept-Encoding"] == "identity"
    assert read_principal(asked.headers[PRINCIPAL_HEADER], audience="shop").username == "ann"


def test_a_principal_is_signed_anew_for_each_audience(replayer, legacy, make):
    replayer.replay(make(principal={"id": "7"}), side=Side.LEGACY)
    assert read_principal(legacy.asked[0].headers[PRINCIPAL_HEADER], audience="monolith").id == "7"


def test_a_call_goes_to_the_door_of_the_sandbox(replayer, service, make):
    replayer.replay(make(call=RecordedCall(task="shop.deliver", body={"to": "ann"})), side=Side.SERVICE)
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/health/sandbox")
    assert json.loads(asked.body) == {"task": "shop.deliver", "body": {"to": "ann"}, "version": 1}


def test_the_handshake_is_remembered(replayer, service, make):
    for _ in range(3):
        replayer.replay(make(), side=Side.SERVICE)
    assert service.probes == 1


@pytest.mark.parametrize("probe", ["plain", "lie"])
def test_no_write_and_no_call_reaches_a_side_without_a_sandbox(replayer, service, make, probe):
    service.probe = probe
    assert refused(replayer, make()) is Reason.NO_SANDBOX
    assert refused(replayer, make(call=RecordedCall(task="shop.deliver"))) is Reason.NO_SANDBOX
    assert service.asked == []


def test_a_read_goes_plainly_to_a_side_without_a_sandbox(replayer, service, make):
    service.probe = service.replay = "plain"
    seen = replayer.replay(make("GET"), side=Side.SERVICE)
    assert (seen.status, json.loads(seen.body), seen.effects) == (200, {"total": 7}, None)
    assert not {name.lower() for name, _ in seen.headers} & {"date", "server"}


@pytest.mark.parametrize("replay", ["plain", "lie"])
def test_a_side_that_breaks_its_word_is_sent_no_more_writes(replayer, service, make, replay, caplog):
    service.replay = replay
    assert refused(replayer, make()) is Reason.UNSIGNED
    assert "without its signed word" in caplog.text
    service.replay = "sign"
    assert refused(replayer, make()) is Reason.NO_SANDBOX
    assert len(service.asked) == 1


def test_a_side_that_broke_its_word_is_believed_after_its_next_probe_and_later_each_time(service):
    now = [0.0]
    peer = Peer("shop", url=service.url, clock=lambda: now[0])
    assert peer.has_sandbox()
    peer.distrust(capture="a")
    assert not peer.has_sandbox()
    now[0] += 31
    assert peer.has_sandbox()
    peer.distrust(capture="b")
    now[0] += 31
    assert not peer.has_sandbox()
    now[0] += 30
    assert peer.has_sandbox()
    peer.close()


@pytest.mark.parametrize("replay", ["garbage", "error"])
def test_what_is_no_envelope_is_no_observation(replayer, service, make, replay):
    service.replay = replay
    assert refused(replayer, make()) is Reason.UNREADABLE


@pytest.mark.parametrize("replay", ["hang", "drip"])
def test_a_side_that_never_ends_its_answer_costs_the_timeout_and_then_nothing(
    settings, service, make, replay
):
    settings.STRANGLER = {**settings.STRANGLER, "BREAKER_FAILURES": 2, "BREAKER_RESET": timedelta(minutes=5)}
    service.replay = replay
    replayer = Replayer(timeout=timedelta(milliseconds=300))
    assert refused(replayer, make()) is Reason.TIMEOUT
    assert refused(replayer, make()) is Reason.TIMEOUT
    began = time.monotonic()
    for _ in range(100):
        assert refused(replayer, make()) is Reason.LEFT_ALONE
    assert time.monotonic() - began < 20
    assert len(service.asked) == 2


def test_a_side_that_is_down_is_unreachable(replayer, service, make):
    service.close()
    assert refused(replayer, make()) is Reason.UNREACHABLE


def test_a_seam_that_is_gone_is_named(replayer, make, settings):
    capture = make()
    settings.STRANGLER = {"SIGNING_KEYS": ["k" * 40]}
    assert refused(replayer, capture) is Reason.UNKNOWN_SEAM


def test_a_worker_that_does_not_know_where_the_monolith_is_says_which_variable_to_set(
    two_sides, settings, make
):
    settings.STRANGLER = {**settings.STRANGLER, "MONOLITH_URL": ""}
    with pytest.raises(ConfigurationError, match="MONOLITH_URL=http"):
        Replayer().replay(make(), side=Side.LEGACY)
