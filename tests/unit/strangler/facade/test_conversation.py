"""The course of a request, driven step by step without any I/O."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from strangler.conf import config
from strangler.core.decision import Side
from strangler.core.principal import Principal
from strangler.core.seams import Service
from strangler.core.stages import Rollout, RolloutStage
from strangler.core.topology import Topology
from strangler.facade.conversation import (
    Course,
    Deliver,
    Discard,
    Exchange,
    Identify,
    Refuse,
    Reply,
    UseLegacy,
)
from strangler.facade.door import Door
from strangler.facade.identity import Identity
from strangler.facade.policy import Cause, Failure
from strangler.facade.visit import begin
from strangler.rollout import Snapshot, tallies
from strangler.tokens import gateway_secret, read_principal
from tests.unit.strangler.facade.samples import incoming, route

LIVE = Snapshot(rollouts={"images.page": Rollout(seam="images.page", stage=RolloutStage.LIVE)})
RESET = Failure(cause=Cause.RESET)


@pytest.fixture(autouse=True)
def _site(settings):
    services = {"images": Service(name="images", settings="unused", routes=(route(),))}
    settings.STRANGLER = {
        "TOPOLOGY": Topology(services=MappingProxyType(services)),
        "SIGNING_KEYS": ["a signing key of the tests, 32 or more"],
        "SERVICE_URLS": {"images": "http://images.internal:8001/base"},
    }
    yield
    tallies._take()


def drive(conversation, *results):
    """Return the steps that a conversation asks for, and its ending, given the results of each."""
    steps = []
    try:
        steps.append(next(conversation))
        for result in results:
            steps.append(conversation.send(result))  # noqa: PERF401 - the last one raises
    except StopIteration as end:
        return steps, end.value
    raise AssertionError(f"it asks for more: {steps}")


def talk(*results, snapshot=LIVE, to=None, door=None, **request):
    visit = begin(to or route(), incoming(**request))
    return drive(converse(door or Door(), visit, snapshot), *results)


def converse(door, visit, snapshot):
    course = Course(door, visit, snapshot)
    return course.settle() or (yield from course.run())


def counted():
    rows = tallies._take()
    return {(row.side, row.outcome): count for row, count in rows.items() if row.outcome}


def test_a_seam_at_legacy_asks_for_nothing():
    steps, ending = talk(snapshot=Snapshot())
    assert steps == []
    assert (ending.decision.side, ending.fallback) == (Side.LEGACY, "")


def test_a_live_seam_asks_the_service_and_delivers_its_answer():
    steps, ending = talk(Reply(status=201, fields=[("X-A", "1")]), fields=[("Host", "shop.example")])
    assert isinstance(steps[0], Exchange)
    assert steps[0].outgoing.service_url == "http://images.internal:8001/base"
    assert steps[0].outgoing.target == "/base/photos/1/"
    assert isinstance(ending, Deliver)
    assert ("Strangler-Side", "service") in ending.fields
    assert counted() == {("service", "done"): 1}


def test_a_stale_connection_is_worth_one_more_try_on_a_new_one():
    stale = Failure(cause=Cause.RESET, is_stale=True)
    steps, ending = talk(stale, Reply(status=200))
    assert [step.is_fresh for step in steps] == [False, True]
    assert isinstance(ending, Deliver)


def test_what_can_not_be_repeated_is_not_tried_again():
    steps, ending = talk(Failure(cause=Cause.RESET, is_stale=True), method="POST")
    assert len(steps) == 1
    assert isinstance(ending, Refuse)
    assert ending.refusal.status == 502


def test_a_failed_answer_is_let_go_before_legacy_answers():
    reply = Reply(status=503)
    steps, ending = talk(reply, None)
    assert steps[1] == Discard(reply)
    assert isinstance(ending, UseLegacy)
    assert (ending.fallback, str(ending.decision)) == ("status-503", "images.page=legacy;fallback")
    assert counted() == {("service", "fallback"): 1}


@pytest.mark.parametrize(
    ("word", "secret", "is_asked"),
    [
        ("status-504", "right", False),
        ("principal", "right", False),
        ("status-504", "guessed", True),
        ("anything", "right", True),
    ],
)
def test_a_service_that_the_gateway_has_asked_is_not_asked_again(settings, word, secret, is_asked):
    settings.STRANGLER = {**settings.STRANGLER, "BEHIND_PROXY": True}
    secret = gateway_secret() if secret == "right" else secret
    course = Course(
        Door(),
        begin(route(), incoming(fields=[("Strangler-Fallback", word), ("Strangler-Gateway", secret)])),
        LIVE,
    )
    ending = course.settle()
    if is_asked:
        assert ending is None
    else:
        assert (ending.decision.side, ending.fallback) == (Side.LEGACY, word)
        assert counted() == {("service", "fallback"): 1}


def test_the_gateways_word_counts_only_where_a_gateway_is_in_front():
    fields = [("Strangler-Fallback", "status-504"), ("Strangler-Gateway", gateway_secret())]
    assert begin(route(), incoming(fields=fields)).told is None


def test_the_breaker_opens_and_then_nothing_is_asked():
    door = Door()
    for _ in range(config().breaker_failures):
        talk(RESET, door=door)
    steps, ending = talk(door=door)
    assert (steps, ending.fallback) == ([], "breaker")


def test_a_conversation_that_is_dropped_gives_its_admission_back():
    door = Door()
    conversation = converse(door, begin(route(), incoming()), LIVE)
    next(conversation)
    conversation.close()
    assert door.breaker("images").admit()


def test_who_is_logged_in_is_asserted_to_the_service():
    ada = Identity(principal=Principal(id="7", username="ada"))
    steps, _ = talk(ada, Reply(status=200), fields=[("Cookie", "sessionid=x")])
    assert isinstance(steps[0], Identify)
    fields = dict(steps[1].outgoing.fields)
    assert read_principal(fields["Strangler-Principal"], audience="images") == ada.principal


def test_without_the_session_store_the_service_is_not_asked():
    failure = Failure(cause=Cause.PRINCIPAL, is_sent=False)
    steps, ending = talk(failure, fields=[("Cookie", "sessionid=x")])
    assert [type(step) for step in steps] == [Identify]
    assert ending.fallback == "principal"


def test_a_renewed_session_is_told_to_the_client():
    renewed = Identity(fields=[("Set-Cookie", "sessionid=new")])
    _, ending = talk(renewed, Reply(status=200), fields=[("Cookie", "sessionid=x")])
    assert ("Set-Cookie", "sessionid=new") in ending.fields


def test_a_service_without_a_url_is_a_service_that_is_down(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_URLS": {"images": "images:8001"}}
    steps, ending = talk()
    assert (steps, ending.fallback) == ([], "connect")


@pytest.mark.parametrize("snapshot", [LIVE, Snapshot()])
def test_a_body_beyond_the_limit_is_refused_on_both_sides(snapshot):
    steps, ending = talk(
        to=route(max_body_bytes=10), snapshot=snapshot, method="POST", fields=[("Content-Length", "11")]
    )
    assert (steps, ending.refusal.status) == ([], 413)


def test_a_body_without_an_end_is_not_taken_from_a_server_that_can_not_tell_it():
    steps, ending = talk(method="POST", fields=[("Transfer-Encoding", "chunked")], can_stream=False)
    assert (steps, ending.refusal.status) == ([], 411)
