"""The verdict promotes on proof, rolls back on proof, and holds on everything else."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strangler.core.evidence import Evidence, Health, Parity
from strangler.core.verdict import (
    Advice,
    Targets,
    find_faults,
    judge,
    lower_bound,
    missing_comparisons,
    upper_bound,
)

TARGETS = Targets()
FAST, SLOW = timedelta(milliseconds=100), timedelta(milliseconds=201)
PROVED = Parity(compared=1000, matched=1000, shapes={"a": 600, "b": 400})
WELL = Health(requests=1000, p99=FAST)
counts = st.integers(min_value=0, max_value=100_000)


def serving(*, parity=PROVED, legacy=WELL, targets=TARGETS, **service):
    values = {"requests": 1000, "p99": FAST, **service}
    evidence = Evidence(parity=parity, legacy=legacy, service=Health(**values))
    return judge(evidence, targets=targets, is_serving=True)


def shadowing(parity, targets=TARGETS):
    return judge(Evidence(parity=parity), targets=targets, is_serving=False)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (9, 10, 0.5958, 0.9821), (99, 100, 0.9455, 0.9982)],
)
def test_the_bounds_are_those_of_wilson(hits, of, low, high):
    assert lower_bound(hits, of=of, confidence=0.95) == pytest.approx(low, abs=1e-4)
    assert upper_bound(hits, of=of, confidence=0.95) == pytest.approx(high, abs=1e-4)


@given(counts, counts)
def test_the_bounds_enclose_the_rate_and_solve_wilson_s_equation(one, other):
    hits, of = sorted((one, other))
    assume(of > 0)
    low, high = (bound(hits, of=of, confidence=0.95) for bound in (lower_bound, upper_bound))
    rate = hits / of
    assert 0 <= low <= rate + 1e-12
    assert rate - 1e-12 <= high <= 1
    for bound in (low, high):
        assert (bound - rate) ** 2 == pytest.approx(1.959963984540054**2 * bound * (1 - bound) / of, abs=1e-9)


def test_nothing_seen_proves_nothing():
    assert (lower_bound(0, of=0, confidence=0.95), upper_bound(0, of=0, confidence=0.95)) == (0, 1)


@given(counts, counts, st.sampled_from([0.5, 0.9, 0.99, 0.999]), st.integers(0, 1000))
def test_the_missing_comparisons_are_just_enough(one, other, target, fewest):
    matched, compared = sorted((one, other))
    targets = Targets(parity=target, min_comparisons=fewest)
    missing = missing_comparisons(Parity(compared=compared, matched=matched), targets=targets)

    def is_met(more):
        bound = lower_bound(matched + more, of=compared + more, confidence=0.95)
        return bound >= target and compared + more >= fewest

    assert is_met(missing)
    assert missing == 0 or not is_met(missing - 1)


@given(counts, counts, counts, counts, counts, st.booleans())
def test_without_proof_nothing_moves(compared, differ, requests, failures, fallbacks, is_serving):
    """Whatever the numbers: forward only with the bound reached, back only while somebody is served."""
    parity = Parity(compared=compared, matched=max(compared - differ, 0), shapes={"a": compared})
    failures = min(failures, requests)
    service = Health(requests=requests, failures=failures, fallbacks=min(fallbacks, requests - failures))
    verdict = judge(Evidence(parity=parity, service=service), targets=TARGETS, is_serving=is_serving)
    assert verdict.reasons
    if verdict.outcome is Advice.PROMOTE:
        assert lower_bound(parity.matched, of=compared, confidence=0.95) >= TARGETS.parity
        assert not is_serving or requests >= TARGETS.min_requests
    if verdict.outcome is Advice.ROLL_BACK:
        assert is_serving


@pytest.mark.parametrize("is_serving", [True, False])
def test_no_data_holds_and_says_what_is_missing(is_serving):
    verdict = judge(Evidence(), targets=Targets(min_shapes=5), is_serving=is_serving)
    assert verdict.outcome is Advice.HOLD
    assert verdict.missing == 381
    assert "381 more matching comparisons are needed: 0 of 0 match, 99 % have to" in str(verdict)
    assert "0 of 5 shapes were seen." in verdict.reasons
    assert ("100 more requests to the service are needed (0 of 100)." in verdict.reasons) is is_serving


def test_proof_promotes_and_is_told():
    assert str(serving()) == (
        "promote: 1,000 of 1,000 comparisons match, 2 shapes. "
        "0 of 1,000 requests failed on the service, 0 fell back, p99 100 ms."
    )
    assert str(shadowing(PROVED)) == "promote: 1,000 of 1,000 comparisons match, 2 shapes."


def test_mismatches_hold_in_shadow_and_roll_back_where_somebody_is_served():
    worse = Parity(compared=1000, matched=950, shapes={"a": 1000})
    assert shadowing(worse).outcome is Advice.HOLD
    assert "950 of 1,000 match" in str(shadowing(worse))
    assert serving(parity=worse).reasons == ("50 of 1,000 comparisons differ: 95 % match, 99 % have to.",)


def test_mismatches_that_may_be_chance_hold():
    verdict = serving(parity=Parity(compared=300, matched=297, shapes={"a": 300}))
    assert verdict.outcome is Advice.HOLD


def test_failures_beyond_those_of_legacy_roll_back():
    verdict = serving(failures=50)
    assert verdict.outcome is Advice.ROLL_BACK
    assert verdict.reasons == ("50 of 1,000 requests failed on the service (5 %; allowed are 1 %).",)


def test_failures_that_legacy_has_as_well_are_no_reason():
    assert serving(failures=50, legacy=Health(requests=1000, failures=50, p99=FAST)).outcome is Advice.PROMOTE


def test_failures_that_may_be_chance_hold():
    verdict = serving(failures=13)
    assert verdict.outcome is Advice.HOLD
    assert "1.3 % of the service's requests failed; allowed are 1 %." in verdict.reasons


@pytest.mark.parametrize("failures", [1, 2])
def test_one_or_two_failures_are_never_proof(failures):
    assert serving(requests=2, failures=failures).outcome is Advice.HOLD


def test_fallbacks_roll_back():
    assert serving(fallbacks=50).reasons == (
        "50 of 1,000 requests fell back to legacy (5 %; allowed are 1 %).",
    )


def test_a_slower_p99_rolls_back_with_both_numbers():
    assert serving(p99=SLOW).reasons == (
        "The service's p99 is 201 ms over 1,000 requests, legacy's 100 ms; allowed are 200 ms.",
    )


def test_a_p99_of_few_requests_is_no_reason():
    few = Evidence(legacy=WELL, service=Health(requests=99, p99=SLOW))
    assert find_faults(few, targets=TARGETS) == ()
    nothing_to_compare_with = Evidence(service=Health(requests=1000, p99=SLOW))
    assert find_faults(nothing_to_compare_with, targets=TARGETS) == ()
