"""Durations as people type and read them."""

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from strangler.cli.duration import format_duration, parse_duration


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86_400)])
def test_a_number_and_a_unit_are_a_duration(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "0s", "1.5h", "2 h", "1w", "9999999d"])
def test_anything_else_is_refused_with_examples(text):
    with pytest.raises(ArgumentTypeError, match="such as 90s, 30m, 2h or 1d"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, ""),
        (timedelta(seconds=-1), "0.0 s"),
        (timedelta(milliseconds=1240), "1.2 s"),
        (timedelta(seconds=125), "2m 5s"),
        (timedelta(hours=3, minutes=4), "3h 4m"),
        (timedelta(hours=25), "1d 1h"),
    ],
)
def test_people_read_the_two_largest_units(duration, text):
    assert format_duration(duration) == text
