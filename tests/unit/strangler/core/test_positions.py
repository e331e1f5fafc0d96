"""Positions: who has everything that somebody wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.positions import Position

POSITIONS = st.dictionaries(st.integers(0, 5), st.integers(0, 100)).map(
    lambda numbers: Position.of(*numbers.items())
)


@given(POSITIONS)
def test_a_position_is_read_as_it_was_written(position):
    assert Position.parse(str(position)) == position


@given(POSITIONS, POSITIONS)
def test_two_positions_joined_cover_both_and_nothing_smaller_does(one, other):
    joined = one.joined(other)
    assert joined.covers(one)
    assert joined.covers(other)
    assert all(number in (*one.numbers, *other.numbers) for number in joined.numbers)


@given(POSITIONS, POSITIONS)
def test_positions_that_cover_each_other_are_the_same(one, other):
    assert (one.covers(other) and other.covers(one)) == (one == other)


def test_a_server_that_lacks_a_domain_lacks_what_was_written_there():
    assert not Position.parse("0:9").covers(Position.parse("0:3,7:1"))


def test_a_number_is_not_compared_as_text():
    assert Position.parse("0:10").covers(Position.parse("0:9"))


@pytest.mark.parametrize("text", ["x", "0:", "0:1;1:2", ":", "0:1,"])
def test_what_nobody_wrote_is_refused(text):
    with pytest.raises(ValueError, match="invalid literal"):
        Position.parse(text)
