"""Who met the fence, and whether the work may be done once more."""

from __future__ import annotations

import pytest

from strangler.errors import FenceRaised
from strangler.isolation import meeting


def work_that_meets(times):
    done = []

    def work():
        done.append(1)
        if len(done) <= times:
            met = FenceRaised("images", table="photos_photo")
            meeting._attempt.get().met = met
            raise met
        return len(done)

    return work


@pytest.fixture
def settled(monkeypatch):
    services = []
    monkeypatch.setattr(meeting.snapshot, "can_change", lambda: True)
    monkeypatch.setattr(meeting, "settle", lambda met: services.append(met.move))
    return services


def test_work_that_meets_the_fence_is_done_again_after_the_owner_was_looked_up(settled):
    assert meeting.retry(work_that_meets(2)) == 3
    assert settled == ["images", "images"]


def test_work_that_has_committed_is_not_done_again(settled):
    def work():
        meeting._attempt.get().has_committed = True
        return work_that_meets(1)()

    with pytest.raises(FenceRaised):
        meeting.retry(work)
    assert settled == []


def test_a_decorated_task_is_done_again(settled):
    meets = work_that_meets(1)
    assert meeting.again(lambda word: (word, meets()))("here") == ("here", 2)


def test_what_an_inner_attempt_committed_counts_for_the_outer_one():
    with meeting.attempting() as outer, meeting.attempting() as inner:
        inner.has_committed = True
    assert outer.has_committed
