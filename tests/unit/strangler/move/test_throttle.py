"""A move waits where its limits say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strangler.move.dialects.base import Load
from strangler.move.throttle import Limits, Throttle

LIMITS = Limits(replica_lag=timedelta(seconds=2), running_threads=10)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (Load(), ""),
        (Load(running_threads=10, replica_lag=2.0), ""),
        (Load(running_threads=11), "11 threads run (limit 10)"),
        (Load(replica_lag=2.5), "a replica lags 2.5 s (limit 2 s)"),
    ],
)
def test_the_reason_is_given(load, reason):
    assert LIMITS.reason(load) == reason


def test_no_limits_have_no_reason():
    assert Limits().reason(Load(running_threads=999, replica_lag=999)) == ""


def test_limits_say_what_they_are():
    assert str(Limits()) == "none"
    assert str(Limits(rows_per_second=2_000, running_threads=3)) == "2,000 rows per second, 3 running threads"


def test_it_sleeps_for_rows_beyond_the_rate(monkeypatch):
    slept = []
    monkeypatch.setattr("strangler.move.throttle.time.sleep", slept.append)
    throttle = Throttle(limits=lambda: Limits(rows_per_second=1_000), measure=Load)
    throttle.slow_down(500)
    assert 0.3 < slept[0] <= 0.5


def test_it_does_not_sleep_without_a_rate(monkeypatch):
    monkeypatch.setattr("strangler.move.throttle.time.sleep", pytest.fail)
    Throttle(limits=Limits, measure=Load).slow_down(10**9)


def test_it_waits_until_the_server_is_calm_and_tells_why(monkeypatch):
    loads = iter([Load(running_threads=20), Load(running_threads=15), Load(running_threads=3)])
    told = []
    monkeypatch.setattr("strangler.move.throttle.time.sleep", lambda _seconds: None)
    throttle = Throttle(limits=lambda: LIMITS, measure=lambda: next(loads), idle=told.append)
    throttle.wait_for_calm()
    assert told == ["20 threads run (limit 10)", "15 threads run (limit 10)"]
