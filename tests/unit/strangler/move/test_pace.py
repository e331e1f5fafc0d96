"""What is foretold follows what was measured."""

from __future__ import annotations

import pytest

from strangler.move.pace import FIRST_PER_SECOND, Pace


def test_before_anything_was_measured_a_guess_stands():
    assert Pace().foretell(FIRST_PER_SECOND) == pytest.approx(1)


def test_the_newest_work_counts_most():
    pace = Pace()
    for speed in (100, 10_000):
        for _ in range(10):
            pace.measured(speed, seconds=1)
    assert pace.foretell(10_000) == pytest.approx(1, rel=0.1)


def test_small_pieces_count_little_beside_a_large_one():
    pace = Pace()
    pace.measured(5_000, seconds=1)
    for _ in range(5):
        pace.measured(1, seconds=0.02)
    assert pace.foretell(5_000) == pytest.approx(1, rel=0.2)


def test_time_without_work_teaches_nothing():
    pace = Pace()
    pace.measured(0, seconds=60)
    assert pace.foretell(FIRST_PER_SECOND) == pytest.approx(1)
