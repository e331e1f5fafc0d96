"""Calls and tasks that are compared: legacy works as before, and its work is noted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from celery import Celery

from strangler import observing
from strangler.calls import seam, tasks, watched_tasks
from strangler.core.carried import DECISION
from strangler.core.decision import Side
from strangler.core.messages import HEADER_PREFIX
from strangler.core.stages import RolloutStage
from strangler.observing import Loss, suspended
from strangler.rollout import tallies


@pytest.fixture
def observer(monkeypatch):
    """Remember what is offered and lost."""

    class Observer:
        def __init__(self):
            self.offered, self.lost = [], []

        def has_room(self, _seam):
            return True

        def offer(self, draft):
            self.offered.append(draft)

        def lose(self, seam, loss):
            self.lost.append((seam, loss))

    observer = Observer()
    monkeypatch.setattr(observing, "_observer", observer)
    # A savepoint is for a database that these tests do not have.
    monkeypatch.setattr("strangler.calls.watched._savepoint", lambda _using: suspended())
    return observer


@pytest.fixture
def shadow(stand):
    stand(RolloutStage.SHADOW, 100, "reports.note")
    stand(RolloutStage.SHADOW, 100, "reports.nightly")


@pytest.mark.usefixtures("shadow")
def test_what_a_call_did_is_noted_beside_its_message(observer):
    @seam("reports.note", message=lambda words: {"words": words}, version=3)
    def note(words):
        words.append("changed")
        return len(words)

    assert note(["a"]) == 2
    (draft,) = observer.offered
    asked, control = draft.capture.asked, draft.capture.control
    assert (asked.task, asked.body, asked.version) == ("reports.deliver", {"words": ["a"]}, 3)
    assert (draft.capture.seam, control.side, control.error) == ("reports.note", Side.LEGACY, "")
    assert draft.capture.shape == "reports.note CALL ok words"


@pytest.mark.usefixtures("shadow")
def test_what_a_call_raises_is_raised_and_noted(observer):
    @seam("reports.note")
    def note(word):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        note("a")
    (draft,) = observer.offered
    assert draft.capture.control.error == "ZeroDivisionError"
    assert draft.capture.asked.body == {"args": ["a"], "kwargs": {}}


@pytest.mark.usefixtures("shadow")
def test_a_call_without_a_message_is_done_all_the_same(observer):
    @seam("reports.note", message=lambda word: {"word": word.id})
    def note(word):
        return word

    assert note("a") == "a"
    assert (observer.offered, observer.lost) == ([], [("reports.note", Loss.ERROR)])


@pytest.mark.parametrize(("stage", "percent"), [(RolloutStage.LEGACY, 0), (RolloutStage.SHADOW, 0)])
def test_what_is_not_compared_is_not_noted(observer, stand, stage, percent):
    stand(stage, percent, "reports.note")
    messages = []

    @seam("reports.note", message=messages.append)
    def note(word):
        return word

    assert note("a") == "a"
    assert (observer.offered, messages) == ([], [])


@pytest.mark.usefixtures("shadow")
def test_a_replay_is_neither_noted_nor_counted(observer):
    @seam("reports.note")
    def note(word):
        return word

    with suspended():
        assert note("a") == "a"
    assert observer.offered == []
    assert not tallies._take()


@pytest.fixture
def nightly():
    """A task of the shop that is a seam, and a function that runs it as a worker does."""
    app = Celery("shop", set_as_current=False)

    @seam("reports.nightly")
    @app.task(name="shop.nightly", shared=False)
    def nightly(day): ...

    def run(*args, state="SUCCESS", retval=None, headers=None, task_id="7", is_eager=False):
        request = SimpleNamespace(is_eager=is_eager, headers=headers or {})
        task = SimpleNamespace(name="shop.nightly", request=request)
        tasks._begin(task_id=task_id, task=task, args=args, kwargs={})
        tasks._end(task_id=task_id, task=task, state=state, retval=retval)

    return run


@pytest.mark.usefixtures("shadow")
def test_a_task_is_noted_in_the_worker(observer, nightly):
    nightly("monday")
    (draft,) = observer.offered
    assert draft.capture.asked.task == "reports.nightly"
    assert draft.capture.asked.body == {"args": ["monday"], "kwargs": {}}


@pytest.mark.usefixtures("shadow")
def test_a_task_that_fails_is_noted_and_one_that_will_be_tried_again_is_not(observer, nightly):
    nightly("monday", state="RETRY", retval=ValueError())
    assert observer.offered == []
    nightly("monday", state="FAILURE", retval=ValueError())
    assert observer.offered[0].capture.control.error == "ValueError"
    assert watched_tasks._open == {}


@pytest.mark.usefixtures("shadow")
def test_a_task_that_the_service_should_do_or_that_is_part_of_a_request_is_not_noted(observer, nightly):
    nightly("monday", headers={HEADER_PREFIX + DECISION: "reports.nightly=service;canary"})
    nightly("monday", is_eager=True)
    assert observer.offered == []


@pytest.mark.usefixtures("shadow")
def test_arguments_that_are_not_json_are_lost(observer, nightly):
    nightly(object())
    assert (observer.offered, observer.lost) == ([], [("reports.nightly", Loss.ERROR)])
