"""Threads that do jobs, and the one thread that gives and takes them."""

from __future__ import annotations

import queue
from datetime import timedelta

import pytest

from strangler.shadow.crew import Crew, Job
from tests.unit.strangler.shadow.samples import capture

NO_TIME = timedelta(0)
LONG = timedelta(seconds=30)


def job():
    return Job(capture=capture(), rules=(), is_sample=False)


def test_a_crew_without_work_gives_nothing():
    crew = Crew(lambda _: pytest.fail("there is no job"), size=1)
    assert crew.take(within=NO_TIME) is None
    crew.dismiss()


def test_what_is_waited_for_with_a_timeout_is_no_simple_queue():
    """On Python 3.11 `SimpleQueue().get(timeout=1e-6)` hangs once in some thousand calls: the worker then stood still."""
    assert isinstance(Crew(pytest.fail, size=0)._done, queue.Queue)


def test_what_is_done_is_given_back_with_its_outcome_or_its_error():
    def work(given):
        if given is broken:
            raise LookupError("broken")
        return "outcome"

    good, broken = job(), job()
    crew = Crew(work, size=2)
    crew.give(good)
    crew.give(broken)
    assert crew.free == 0
    done = {each.job.capture.id: each for each in (crew.take(within=LONG), crew.take(within=LONG))}
    assert done[good.capture.id].outcome == "outcome"
    assert isinstance(done[broken.capture.id].error, LookupError)
    assert (crew.held, crew.free) == ([], 2)
    crew.dismiss()
