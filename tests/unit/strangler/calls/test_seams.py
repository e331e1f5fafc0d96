"""The decorator, as far as no database is needed."""

import sys

import pytest
from celery import Celery

from strangler import calls
from strangler.calls import seam
from strangler.calls.declarations import declared
from strangler.core.carried import carried
from strangler.core.decision import Side
from strangler.errors import ConfigurationError, MessageError, MissingExtraError
from strangler.rollout import Outcome, tallies


def test_legacy_runs_in_the_process_and_is_counted(stand):
    @seam("reports.note")
    def note(text: str) -> str:
        """Say it."""
        return f"{text}, {carried()['decision']}"

    assert note("hello") == "hello, reports.note=legacy;stage"
    assert (note.__name__, note.__doc__) == ("note", "Say it.")
    key, timed = tallies._take()
    assert (key.seam, key.side, key.outcome) == ("reports.note", Side.LEGACY, Outcome.DONE)
    assert timed.bucket is not None


def test_what_legacy_raises_is_raised_and_counted(stand):
    @seam("reports.note")
    def note():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        note()
    assert Outcome.FAILED in [key.outcome for key in tallies._take()]


def test_a_seam_that_the_topology_lacks_runs_as_if_it_were_none():
    @seam("reports.unheard_of")
    def work():
        return 7

    assert work() == 7
    assert not tallies._take()


def test_a_task_is_returned_as_it_is_and_not_woken():
    app = Celery("shop", set_as_current=False)

    @app.task(name="shop.nightly", shared=False)
    def nightly(): ...

    assert seam("reports.nightly")(nightly) is nightly
    assert not app.finalized
    assert declared()[0].is_task


def test_two_callables_can_not_have_one_seam():
    @seam("reports.note")
    def one(): ...

    with pytest.raises(ConfigurationError, match=r"Seam 'reports.note' is on .*one and on .*two"):

        @seam("reports.note")
        def two(): ...


def test_an_async_function_is_refused():
    with pytest.raises(ConfigurationError, match="which is async"):

        @seam("reports.note")
        async def note(): ...


def test_arguments_that_are_not_json_say_what_to_do():
    @seam("reports.note")
    def note(text): ...

    (declaration,) = declared()
    assert declaration.message("a", b=1) == {"args": ["a"], "kwargs": {"b": 1}}
    with pytest.raises(MessageError, match=r"Give @seam\('reports.note', message="):
        declaration.message(object())


def test_without_celery_the_message_names_the_extra(monkeypatch):
    monkeypatch.delitem(sys.modules, "strangler.calls.tasks", raising=False)
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'django-strangler\[celery\]'"):
        calls.install  # noqa: B018 - looking it up is what loads Celery
