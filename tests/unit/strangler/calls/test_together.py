"""Independent calls at once: results in order, the caller's context, no failure lost."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from functools import partial

import pytest
from django.db import connections

from strangler.calls import together
from strangler.calls.counted import place_of_call

colour: ContextVar[str] = ContextVar("colour", default="none")


def test_results_come_in_the_order_of_the_calls():
    barrier = threading.Barrier(3, timeout=30)  # passes only if all three are under way

    def call(number):
        barrier.wait()
        return number

    assert together(*(partial(call, number) for number in range(3))) == [0, 1, 2]


def test_a_call_has_the_context_of_the_caller_and_does_not_change_it():
    colour.set("red")

    def paint():
        before = colour.get()
        colour.set("blue")
        return before

    assert together(paint, paint) == ["red", "red"]
    assert colour.get() == "red"


def test_all_calls_end_and_the_first_failure_is_raised_with_the_others():
    done = threading.Event()

    def fail(word):
        raise ValueError(word)

    with pytest.raises(ValueError, match="first") as caught:
        together(partial(fail, "first"), done.set, partial(fail, "second"))
    assert done.is_set()
    assert caught.value.__notes__ == ["Beside it failed: ValueError('second')"]


def test_no_more_run_at_once_than_one_wants():
    running, most = 0, []
    lock = threading.Lock()

    def call():
        nonlocal running
        with lock:
            running += 1
            most.append(running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    together(*[call] * 8, at_once=2)
    assert max(most) <= 2


def test_one_call_needs_no_thread():
    assert together(threading.get_ident) == [threading.get_ident()]
    assert together() == []


def test_connections_of_the_threads_are_closed(monkeypatch):
    closed = []
    monkeypatch.setattr(
        type(connections), "close_all", lambda _: closed.append(threading.current_thread().name)
    )
    together(int, int)
    assert len(closed) == 2
    assert all(name.startswith("together") for name in closed)


def test_a_call_by_a_library_is_placed_where_it_was_handed_over():
    place, _ = together(place_of_call, place_of_call)
    assert "test_together.py:" in place
