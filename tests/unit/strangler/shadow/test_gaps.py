"""The gaps that those who serve leave to the background."""

import pytest

from strangler.shadow import gaps
from strangler.shadow.gaps import LOOK_SECONDS, wait_for_gap


class Clock:
    """Time that passes only by sleeping; the process computes until *busy_until*."""

    def __init__(self, *, busy_until):
        self.now = 0.0
        self.busy_until = busy_until

    def sleep(self, seconds):
        self.now += seconds

    def process_time(self):
        return min(self.now, self.busy_until)

    def perf_counter(self):
        return self.now

    monotonic = perf_counter


@pytest.fixture
def clock(monkeypatch):
    def set_(busy_until):
        made = Clock(busy_until=busy_until)
        monkeypatch.setattr(gaps, "time", made)
        return made

    return set_


def test_a_process_that_waits_leaves_a_gap():
    assert wait_for_gap(60)


def test_one_that_computes_leaves_none_and_is_not_waited_for_longer_than_said(clock):
    time = clock(busy_until=1_000)
    assert not wait_for_gap(0.1)
    assert 0.1 <= time.now < 0.1 + 2 * LOOK_SECONDS


def test_the_gap_is_found_when_the_computing_ends(clock):
    time = clock(busy_until=0.05)
    assert wait_for_gap(10)
    assert 0.05 + LOOK_SECONDS <= time.now < 0.05 + 3 * LOOK_SECONDS
