"""Merging three versions of a record: nothing that only one side changed is lost, and both sides end up the same."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler.core.agreement import agree, settle

ANN = {"email": "ann@example.com", "phone": "1"}
MOVED = {**ANN, "email": "ann@example.org"}
CALLED = {**ANN, "phone": "2"}


def merge(sent, *, mine, base=ANN, agreed=ANN, is_mine_stronger=False):
    return agree(sent, base=base, mine=mine, agreed=agreed, is_mine_stronger=is_mine_stronger)


def test_what_the_sender_changed_is_taken():
    assert merge(MOVED, mine=ANN).record == MOVED


def test_what_only_the_receiver_changed_stays():
    assert merge(ANN, mine=CALLED).record == CALLED


def test_changes_of_different_fields_come_together_without_a_conflict():
    merged = merge(MOVED, mine=CALLED)
    assert merged.record == {"email": "ann@example.org", "phone": "2"}
    assert merged.conflicts == ()


@pytest.mark.parametrize(("is_mine_stronger", "phone"), [(True, "2"), (False, "3")])
def test_a_field_that_both_changed_goes_to_the_stronger_side_and_is_named(is_mine_stronger, phone):
    merged = merge({**ANN, "phone": "3"}, mine=CALLED, is_mine_stronger=is_mine_stronger)
    assert merged.record["phone"] == phone
    assert merged.conflicts == ("phone",)


def test_the_same_change_on_both_sides_is_no_conflict():
    assert merge(CALLED, mine=CALLED).conflicts == ()


def test_sent_again_after_a_lost_answer_nothing_changes():
    first = merge(MOVED, mine=CALLED)
    again = merge(MOVED, mine=first.record, agreed=first.record)
    assert again.record == first.record


def test_a_change_after_the_lost_answer_is_not_taken_back_by_the_repeat():
    first = merge(MOVED, mine=ANN)
    later = {**first.record, "email": "ann@example.net"}
    assert merge(MOVED, mine=later, agreed=first.record).record == later


def test_a_field_that_the_receiver_does_not_keep_stays_out():
    assert merge({**MOVED, "shoe": 38}, mine=ANN).record == MOVED


def test_what_changed_while_the_answer_was_on_its_way_stays():
    assert settle(MOVED, sent=ANN, mine=CALLED) == {"email": "ann@example.org", "phone": "2"}


class Side:
    """One side, as `strangler.bridge.users` uses the merge."""

    def __init__(self, *, is_stronger):
        self.is_stronger = is_stronger
        self.record, self.agreed = {"a": 0, "b": 0}, {"a": 0, "b": 0}

    def send_to(self, other, *, is_answer_lost=False):
        sent = dict(self.record)
        answer = other.receive(sent, base=self.agreed)
        if not is_answer_lost:
            self.record, self.agreed = settle(answer, sent=sent, mine=self.record), answer

    def receive(self, sent, *, base):
        merged = agree(
            sent, base=base, mine=self.record, agreed=self.agreed, is_mine_stronger=self.is_stronger
        )
        self.record, self.agreed = merged.record, sent
        return dict(merged.record)


STEPS = st.lists(
    st.sampled_from(["change", "send", "lose"]).flatmap(
        lambda kind: st.tuples(st.just(kind), st.integers(0, 1), st.sampled_from("ab"))
    ),
    max_size=30,
)


@settings(deadline=None)
@given(STEPS)
def test_both_sides_end_up_the_same_whatever_is_changed_sent_and_lost(steps):
    sides, values = (Side(is_stronger=True), Side(is_stronger=False)), count(1)
    for kind, number, name in steps:
        side, other = sides[number], sides[1 - number]
        if kind == "change":
            side.record[name] = next(values)
        else:
            side.send_to(other, is_answer_lost=kind == "lose")
    sides[0].send_to(sides[1])
    sides[1].send_to(sides[0])
    assert sides[0].record == sides[1].record


@settings(deadline=None)
@given(STEPS)
def test_a_field_that_one_side_alone_changes_ends_up_as_it_was_changed_last(steps):
    sides, values, last = (Side(is_stronger=True), Side(is_stronger=False)), count(1), {"a": 0, "b": 0}
    owner = {"a": 0, "b": 1}
    for kind, number, name in steps:
        if kind == "change":
            sides[owner[name]].record[name] = last[name] = next(values)
        else:
            sides[number].send_to(sides[1 - number], is_answer_lost=kind == "lose")
    sides[0].send_to(sides[1])
    sides[1].send_to(sides[0])
    assert sides[0].record == sides[1].record == last
