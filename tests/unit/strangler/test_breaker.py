"""The breaker admits, opens, probes and closes; it never waits."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from strangler.breaker import Breaker

RESET = timedelta(seconds=5)


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def advance(self, **delta):
        self.now += timedelta(**delta)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker("images", failures=3, reset=RESET, clock=clock)


def fail(breaker, times=3):
    for _ in range(times):
        breaker.failed()


def test_it_opens_after_so_many_failures_in_a_row(breaker):
    fail(breaker, 2)
    assert breaker.admit()
    breaker.failed()
    assert breaker.state == "open"
    assert not breaker.admit()


def test_a_success_in_between_starts_the_count_anew(breaker):
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_after_its_rest_it_admits_one_probe_at_a_time(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    assert [breaker.admit() for _ in range(5)] == [True, False, False, False, False]


def test_a_probe_that_succeeds_closes_it(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert all(breaker.admit() for _ in range(5))


def test_a_probe_that_fails_opens_it_for_another_rest(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    assert breaker.admit()
    breaker.failed()
    assert not breaker.admit()
    clock.advance(seconds=4)
    assert not breaker.admit()
    clock.advance(seconds=1)
    assert breaker.admit()


def test_a_released_probe_lets_the_next_one_try(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    assert breaker.admit()
    breaker.release()
    assert breaker.admit()


def test_a_probe_that_never_reports_is_forgotten(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    assert breaker.admit()
    clock.advance(seconds=5)
    assert breaker.admit()


def test_late_news_about_an_open_breaker_changes_nothing(breaker):
    fail(breaker)
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "open"


def test_many_threads_get_one_probe_between_them(breaker, clock):
    fail(breaker)
    clock.advance(seconds=5)
    admitted = []
    barrier = threading.Barrier(16)

    def ask():
        barrier.wait()
        admitted.append(breaker.admit())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(admitted) == [False] * 15 + [True]
