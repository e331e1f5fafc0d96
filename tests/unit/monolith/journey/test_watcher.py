import pytest

from monolith.journey.watcher import Look, Sight


def sight(*times):
    return Sight(tuple(Look(number, seconds, "") for number, seconds in enumerate(times)))


@pytest.mark.parametrize(("percent", "expected"), [(0, 1.0), (50, 6.0), (99, 10.0), (100, 10.0)])
def test_percentiles_are_times_that_were_seen(percent, expected):
    assert sight(*map(float, range(10, 0, -1))).percentile(percent) == expected


def test_who_saw_nothing_has_no_times():
    assert sight().percentile(99) == 0.0


def test_problems_are_kept():
    assert Sight((Look(0, 0.1, ""), Look(1, 0.1, "it answered 500"))).problems == ["it answered 500"]
