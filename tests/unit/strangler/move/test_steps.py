"""Steps hold a budget while writers wait, and only then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strangler.errors import PauseBudgetError
from strangler.move import records
from strangler.move.steps import Steps


@pytest.fixture
def audit(monkeypatch):
    written = []
    monkeypatch.setattr(records, "note", lambda _record, what, **_: written.append(what))
    return written


class Record:
    service = "images"


def steps(**options):
    return Steps(record=Record(), verb="switch", actor="tests", budget=timedelta(0), **options)


def test_each_step_is_written_down_and_told_before_and_after(audit):
    told = []
    with steps(watch=lambda step, moment: told.append((moment, step))).step("arm"):
        told.append("work")
    assert told == [("before", "arm"), "work", ("after", "arm")]
    assert audit == ["switch: arm", "switch: arm done"]


def test_a_step_that_fails_is_not_done(audit):
    with pytest.raises(ZeroDivisionError), steps().step("arm"):
        raise ZeroDivisionError
    assert audit == ["switch: arm"]


def test_a_step_beyond_the_budget_fails_while_writers_wait(audit):
    run = steps()
    run.pause()
    with pytest.raises(PauseBudgetError, match=r"drain was not done within 0 s"), run.step("drain"):
        pass
    assert audit == ["switch: drain"]


def test_nothing_is_too_late_after_the_commit_or_before_the_pause(audit):
    run = steps()
    with run.step("arm"):
        pass
    run.pause()
    run.committed()
    with run.step("open"):
        pass
    assert run.unpause() >= timedelta(0)
    assert audit[-1] == "switch: open done"


def test_the_lease_is_renewed_by_each_step_for_which_nobody_waits(audit, monkeypatch):
    renewed = []
    monkeypatch.setattr(records, "renew", lambda _record, token, **_: renewed.append((token, audit[-1:])))
    run = steps()
    run.token = 5
    for name in ("arm", "number"):
        with run.step(name):
            pass
    run.pause()
    with pytest.raises(PauseBudgetError), run.step("lock"):
        pass
    run.committed()
    with run.step("open"):
        pass
    assert renewed == [(5, []), (5, ["switch: arm done"])]
