"""Years of reports."""

from datetime import UTC, datetime

import pytest

from monolith.reports.period import Period, read_year

TODAY = datetime(2026, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2025", 2025),
        ("", 2026),
        ("x", 2026),
        ("-2025", 2026),
        ("99999", 2026),
        ("1066", 2000),
        ("9999", 2027),
    ],
)
def test_a_year_is_read_within_bounds(text, year):
    assert read_year(text, today=TODAY) == year


def test_a_period_is_a_whole_year_in_utc():
    period = Period.of_year(2026)
    assert (period.start, period.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert period.year == 2026
