"""The corpus of the benchmark, with its thresholds."""

from __future__ import annotations

import pytest

from strangler.core.comparison import compare
from tests.bench.compare_corpus import ALL_REGRESSIONS, ALL_VARIATIONS
from tests.bench.compare_corpus.plain import another_run


def test_the_corpus_is_large_enough():
    assert len(ALL_REGRESSIONS) >= 40
    assert len(ALL_VARIATIONS) >= 40


def test_at_least_95_percent_of_the_regressions_are_reported():
    silent = [name for name, pair in ALL_REGRESSIONS.items() if not compare(*pair)]
    assert len(silent) <= 0.05 * len(ALL_REGRESSIONS), silent


def test_at_most_5_percent_of_the_variations_are_reported():
    loud = [name for name, pair in ALL_VARIATIONS.items() if compare(*pair)]
    assert len(loud) <= 0.05 * len(ALL_VARIATIONS), loud


@pytest.mark.parametrize("name", ALL_REGRESSIONS)
def test_an_answer_is_equal_to_itself(name):
    control, candidate = ALL_REGRESSIONS[name]
    assert compare(control, control) == ()
    assert compare(candidate, candidate) == ()


@pytest.mark.parametrize("name", {**ALL_REGRESSIONS, **ALL_VARIATIONS})
def test_it_does_not_matter_for_finding_a_difference_which_side_is_the_control(name):
    control, candidate = {**ALL_REGRESSIONS, **ALL_VARIATIONS}[name]
    assert bool(compare(control, candidate)) is bool(compare(candidate, control))


@pytest.mark.parametrize("name", ALL_REGRESSIONS)
def test_another_run_of_the_same_code_is_no_difference(name):
    control, _ = ALL_REGRESSIONS[name]
    assert compare(control, another_run(control)) == ()
