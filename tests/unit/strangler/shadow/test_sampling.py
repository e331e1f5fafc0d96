"""Noise is looked for soon, and then seldom: each sample asks legacy twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from strangler.shadow.sampling import FREELY, Sampling
from tests.unit.strangler.shadow.samples import capture


@pytest.fixture(autouse=True)
def every_capture(settings):
    settings.STRANGLER = {"SHADOW_NOISE_PERCENT": 100, "SHADOW_NOISE_INTERVAL": timedelta(seconds=30)}


def taken(sampling, times, *, seam="images.page"):
    """Return how many of *times* captures become samples."""
    return sum(sampling.takes(replace(capture(), seam=seam)) for _ in range(times))


def test_the_first_few_of_each_seam_are_taken_as_they_come():
    sampling = Sampling(clock=lambda: 7.0)
    assert taken(sampling, 100) == FREELY
    assert taken(sampling, 100, seam="images.upload") == FREELY


def test_then_one_in_a_while():
    now = 0.0
    sampling = Sampling(clock=lambda: now)
    taken(sampling, FREELY)
    found = []
    for second in range(1, 100):
        now = float(second)
        found += [second] * taken(sampling, 5)
    assert found == [30, 60, 90]


def test_no_share_is_no_sample(settings):
    settings.STRANGLER = {"SHADOW_NOISE_PERCENT": 0}
    assert taken(Sampling(), 100) == 0
