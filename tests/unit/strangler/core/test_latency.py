"""Durations in buckets: cheap to count, and still a percentile."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.latency import bucket_of, percentile

DURATIONS = st.timedeltas(min_value=timedelta(microseconds=10), max_value=timedelta(seconds=900))


@given(st.lists(DURATIONS, min_size=1, max_size=300))
def test_a_percentile_is_off_by_no_more_than_a_bucket(durations):
    found = percentile(Counter(map(bucket_of, durations)), share=0.99)
    exact = sorted(durations)[max(-(-99 * len(durations) // 100) - 1, 0)]
    assert exact / 1.27 <= found <= exact * 1.27


@given(DURATIONS, DURATIONS)
def test_whoever_takes_longer_is_in_no_lower_bucket(one, other):
    short, long = sorted((one, other))
    assert bucket_of(short) <= bucket_of(long)


@pytest.mark.parametrize(
    ("took", "bucket"),
    [
        (timedelta(0), 0),
        (timedelta(seconds=-1), 0),
        (timedelta(microseconds=1), 0),
        (timedelta(milliseconds=1), 30),
        (timedelta(seconds=1), 60),
        (timedelta(days=1), 90),
    ],
)
def test_a_power_of_ten_has_ten_buckets_and_both_ends_are_caught(took, bucket):
    assert bucket_of(took) == bucket


def test_nothing_has_no_percentile():
    assert percentile({}, share=0.99) is None


def test_one_slow_answer_in_fifty_is_the_p99():
    histogram = Counter({bucket_of(timedelta(milliseconds=10)): 49, bucket_of(timedelta(seconds=2)): 1})
    assert percentile(histogram, share=0.99) > timedelta(seconds=1)
    assert percentile(histogram, share=0.5) < timedelta(milliseconds=13)
