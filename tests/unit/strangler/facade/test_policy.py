"""The table of fallbacks, row by row."""

import itertools

import pytest

from strangler.facade.policy import Cause, Failure, counts_against_service, may_fall_back, refusal_status
from tests.unit.strangler.facade.samples import incoming, route

SENT = [Cause.TIMEOUT, Cause.RESET, Cause.PROTOCOL, Cause.STATUS]
UNSENT = [Cause.BREAKER, Cause.PRINCIPAL, Cause.CONNECT]


@pytest.mark.parametrize(("cause", "method"), list(itertools.product(UNSENT, ["GET", "POST"])))
def test_what_was_not_sent_may_always_be_done_by_legacy(cause, method):
    assert may_fall_back(route(), incoming(method), Failure(cause=cause, is_sent=False))


@pytest.mark.parametrize("cause", SENT)
def test_what_was_sent_may_be_done_again_only_if_that_does_no_harm(cause):
    failure = Failure(cause=cause, status=503)
    assert may_fall_back(route(), incoming("GET"), failure)
    assert may_fall_back(route(is_idempotent=True), incoming("POST"), failure)
    assert not may_fall_back(route(), incoming("POST"), failure)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_route_without_legacy_has_nowhere_to_fall(cause):
    failure = Failure(cause=cause, is_sent=False)
    assert not may_fall_back(route(has_legacy=False, is_idempotent=True), incoming("GET"), failure)


def test_the_status_says_what_happened():
    assert refusal_status(Failure(cause=Cause.CONNECT, is_sent=False)) == 503
    assert refusal_status(Failure(cause=Cause.BREAKER, is_sent=False)) == 503
    assert refusal_status(Failure(cause=Cause.TIMEOUT)) == 504
    assert refusal_status(Failure(cause=Cause.RESET)) == 502


def test_the_reason_names_the_status():
    assert Failure(cause=Cause.STATUS, status=503).reason == "status-503"
    assert Failure(cause=Cause.TIMEOUT).reason == "timeout"


@pytest.mark.parametrize(
    ("failure", "counts"),
    [
        (Failure(cause=Cause.CONNECT, is_sent=False), True),
        (Failure(cause=Cause.TIMEOUT), True),
        (Failure(cause=Cause.STATUS, status=503), True),
        (Failure(cause=Cause.STATUS, status=500), False),
        (Failure(cause=Cause.BREAKER, is_sent=False), False),
        (Failure(cause=Cause.PRINCIPAL, is_sent=False), False),
    ],
)
def test_the_breaker_hears_of_what_says_that_the_service_is_down(failure, counts):
    assert counts_against_service(failure) == counts
