"""MySQL's sets of transactions: who has everything that somebody wrote, though the numbers may have gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.gtids import GtidSet
from strangler.core.positions import Position

ONE, TWO = "3e11fa47-71ca-11e1-9e33-c80aa9429562", "b1f4c2d0-0000-11ee-8000-0242ac120002"
NIGHTLY = f"{ONE}:nightly"
MODELS = st.dictionaries(st.sampled_from([ONE, TWO, NIGHTLY]), st.sets(st.integers(1, 30), min_size=1))


def made(model):
    """Return the set of a model, which says each transaction by itself."""
    return GtidSet.of(*((source, number, number) for source, numbers in model.items() for number in numbers))


def expanded(gtids):
    return {
        source: {number for first, last in each for number in range(first, last + 1)}
        for source, each in gtids.sources
    }


@given(MODELS)
def test_a_set_holds_what_was_put_into_it_and_is_read_as_it_was_written(model):
    gtids = made(model)
    assert expanded(gtids) == model
    assert GtidSet.parse(str(gtids)) == gtids
    assert Position.parse(str(Position(gtids=gtids))) == Position(gtids=gtids)


@given(MODELS, MODELS)
def test_a_set_covers_what_is_a_part_of_it(one, other):
    is_part = all(numbers <= one.get(source, set()) for source, numbers in other.items())
    assert made(one).covers(made(other)) is is_part
    assert Position(gtids=made(one)).covers(Position(gtids=made(other))) is is_part


@given(MODELS, MODELS)
def test_two_sets_joined_hold_what_either_holds(one, other):
    both = {source: one.get(source, set()) | other.get(source, set()) for source in one | other}
    assert expanded(made(one).joined(made(other))) == both
    assert Position(gtids=made(one)).joined(Position(gtids=made(other))) == Position(gtids=made(both))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", ""),
        (f"{ONE}:1-5", f"{ONE}:1-5"),
        (f"{ONE.upper()}:1-5", f"{ONE}:1-5"),
        (f"{ONE}:7:1-5:6", f"{ONE}:1-7"),
        (f"{ONE}:1-5:8-9,\n{TWO}:3", f"{ONE}:1-5:8-9,{TWO}:3"),
        (f" {ONE} : 1 , {ONE} : 2-3 ,", f"{ONE}:1-3"),
        (f"{ONE}:1-3:nightly:5:7-8:zz:1", f"{ONE}:1-3,{NIGHTLY}:5:7-8,{ONE}:zz:1"),
        (f"{ONE}:1-9223372036854775806", f"{ONE}:1-9223372036854775806"),
    ],
)
def test_what_mysql_writes_is_read(text, meaning):
    assert str(GtidSet.parse(text)) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "x",
        ONE,
        f"{ONE}:",
        f"{ONE}:0",
        f"{ONE}:5-3",
        f"{ONE}:-3",
        f"{ONE}:1-",
        f"{ONE}:1-2-3",
        f"{ONE}:nightly",
        f"{ONE}:nightly:zz:1",
        f"{ONE[:-1]}:1",
        f"{ONE}x:1",
        f"{ONE}:1;{TWO}:1",
        f"{ONE}:٣",
        "0-1-12",
    ],
)
def test_what_neither_mysql_nor_we_wrote_is_refused(text):
    with pytest.raises(ValueError, match=r"no set|no stretch|ends with a tag"):
        GtidSet.parse(text)


def test_a_gap_is_seen_though_the_highest_number_is_there():
    replica = Position.parse(f"{ONE}:1-5:7")
    assert not replica.covers(Position.parse(f"{ONE}:1-6"))
    assert replica.covers(Position.parse(f"{ONE}:7"))


def test_what_a_primary_of_before_committed_is_not_what_the_new_one_did():
    assert not Position.parse(f"{TWO}:1-100").covers(Position.parse(f"{ONE}:1-3"))
    assert not Position.parse(f"{ONE}:1-100").covers(Position.parse(f"{NIGHTLY}:1"))


def test_numbers_and_sets_are_never_taken_for_each_other():
    assert not Position.parse("0:999").covers(Position.parse(f"{ONE}:1"))
    assert not Position.parse(f"{ONE}:1-999").covers(Position.parse("0:1"))
    assert Position.parse(f"{ONE}:1-999").covers(Position())
