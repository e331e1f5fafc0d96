"""Since when an answer is as it is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from extracted.catalog import seen
from extracted.catalog.seen import first_seen

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
WHAT = "/catalog/products/canvas"


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def test_an_answer_keeps_its_date_until_it_changes():
    assert first_seen(WHAT, "a", now=after(0.7)) == NOON
    assert first_seen(WHAT, "a", now=after(60)) == NOON
    assert first_seen(WHAT, "b", now=after(90.5)) == after(90)
    assert first_seen(WHAT, "a", now=after(120)) == after(120), "as before, but not since then"


def test_of_two_answers_in_one_second_the_second_is_dated_when_its_second_has_come():
    assert first_seen(WHAT, "a", now=after(0.1)) == NOON
    assert first_seen(WHAT, "b", now=after(0.2)) is None
    assert first_seen(WHAT, "c", now=after(0.3)) is None
    assert first_seen(WHAT, "c", now=after(2)) == after(2)


def test_a_clock_that_goes_back_gives_no_date_twice():
    assert first_seen(WHAT, "a", now=after(10)) == after(10)
    assert first_seen(WHAT, "b", now=NOON) is None
    assert first_seen(WHAT, "b", now=after(20)) == after(11)


def test_what_can_not_be_noted_is_answered_without_a_date(programs, make_product, monkeypatch, caplog):
    def full(*_, **__):
        raise DatabaseError("no space left on device")

    make_product()
    monkeypatch.setattr(seen, "_note", full)
    answer = programs.get(WHAT)
    assert (answer.status_code, "Last-Modified" in answer) == (200, False)
    assert answer["ETag"]
    assert "no space left on device" in caplog.text


@pytest.mark.parametrize("path", ["/catalog/products/canvas", "/catalog/categories/walls"])
def test_the_caller_who_sees_less_gets_the_same_date(client_of, make_product, path):
    make_product()
    first, second = client_of().get(path), client_of(None).get(path)
    assert first["Last-Modified"] == second["Last-Modified"]
