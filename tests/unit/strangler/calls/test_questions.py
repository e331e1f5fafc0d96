"""Callables whose answer is waited for."""

import pytest

from strangler.calls import question, questions
from strangler.core.decision import Side
from strangler.core.stages import RolloutStage
from strangler.errors import ConfigurationError, TopologyError
from strangler.rollout import Outcome, tallies

SEAM = "reports.names"
TOPOLOGY = """
[services.reports]
settings = "x"

[[services.reports.questions]]
name = "reports.names"
"""


class Silent(Exception):
    pass


@pytest.fixture
def asked(topology, monkeypatch):
    """Return what was asked of whom; the service answers with what `answers` yields."""
    topology.write_text(TOPOLOGY)
    monkeypatch.setattr(questions, "_breakers", {})
    return []


@pytest.fixture
def make(asked, settings, topology):
    settings.STRANGLER = {"TOPOLOGY": topology, "BREAKER_FAILURES": 2}

    def make(error=None, name=SEAM):
        def ask(number, *, loud=False):
            asked.append("service")
            if error:
                raise error
            return f"service {number}{'!' if loud else ''}"

        @question(name, ask=ask, silent=Silent)
        def names(number, *, loud=False):
            asked.append("legacy")
            return f"legacy {number}{'!' if loud else ''}"

        return names

    return make


def counted():
    return {
        (each[2], each[3]): count
        for each, count in tallies._take().items()
        if each[0] == SEAM and each[4] is None
    }


def test_each_side_answers_as_its_rollout_says(make, stand):
    names = make()
    assert names(7, loud=True) == "legacy 7!"
    stand(RolloutStage.LIVE, seam=SEAM)
    assert names(7, loud=True) == "service 7!"


def test_legacy_answers_for_a_service_that_is_silent_and_leaves_it_alone_after_a_while(make, asked, stand):
    names = make(Silent())
    stand(RolloutStage.LIVE, seam=SEAM)
    assert [names(number) for number in range(3)] == ["legacy 0", "legacy 1", "legacy 2"]
    assert asked == ["service", "legacy"] * 2 + ["legacy"]  # the breaker opened


def test_a_fallback_is_counted_on_the_service(make, stand, monkeypatch):
    seen = []
    monkeypatch.setattr(
        questions.rollout,
        "tally",
        lambda name, **values: seen.append((name, values["side"], values["outcome"])),
    )
    stand(RolloutStage.LIVE, seam=SEAM)
    make(Silent())(1)
    make()(1)
    assert seen == [(SEAM, Side.SERVICE, Outcome.FALLBACK), (SEAM, Side.SERVICE, Outcome.DONE)]


def test_what_the_service_refuses_is_the_callers(make, asked, stand):
    stand(RolloutStage.LIVE, seam=SEAM)
    names = make(KeyError("no such number"))
    for _ in range(3):
        with pytest.raises(KeyError):
            names(1)
    assert asked == ["service"] * 3


def test_a_callable_that_the_topology_lacks_runs_as_before(make):
    assert make(name="reports.nobody")(1) == "legacy 1"


def test_an_async_callable_is_refused(make):
    async def names():
        pass

    with pytest.raises(ConfigurationError, match="which is async"):
        question(SEAM, ask=names, silent=Silent)(names)


def test_unknown_keys_of_a_question_are_named(topology):
    from strangler.core.topology import Topology  # noqa: PLC0415

    topology.write_text(TOPOLOGY + 'task = "x"\n')
    with pytest.raises(TopologyError, match="task"):
        Topology.load(topology)
