"""A process makes so many captures in a second, and no more."""

from __future__ import annotations

from strangler.shadow.pace import Pace


def admitted(pace, times):
    """Return how many of *times* questions are admitted."""
    return sum(pace.admit() for _ in range(times))


def test_a_second_has_room_for_so_many_and_the_next_for_as_many_again():
    now = 100.0
    pace = Pace(5, clock=lambda: now)
    assert admitted(pace, 9) == 5
    now = 101.0
    assert admitted(pace, 9) == 5
    now = 200.0
    assert admitted(pace, 9) == 5


def test_where_more_come_than_may_be_they_are_spaced():
    now = 0.0
    pace = Pace(5, clock=lambda: now)
    admitted(pace, 9)
    found = []
    for step in range(1, 101):  # 100 requests a second
        now = step / 100
        found += [step] if pace.admit() else []
    assert found == [20, 40, 60, 80, 100]
