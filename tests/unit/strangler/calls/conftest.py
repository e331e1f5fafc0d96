"""A topology with calls, rollouts that a test sets by hand, and seams that are forgotten after each test."""

from __future__ import annotations

from decimal import Decimal

import pytest

from strangler.calls import declarations
from strangler.core.stages import Rollout, RolloutStage
from strangler.rollout import snapshot, tallies

TOPOLOGY = """
[services.reports]
settings = "x"

[[services.reports.calls]]
name = "reports.nightly"
task = "reports.nightly"
aliases = ["shop.nightly"]

[[services.reports.calls]]
name = "reports.note"
task = "reports.deliver"

[[services.reports.calls]]
name = "reports.letter"
task = "reports.deliver"
"""


@pytest.fixture(autouse=True)
def topology(settings, tmp_path):
    path = tmp_path / "strangler.toml"
    path.write_text(TOPOLOGY)
    settings.STRANGLER = {"TOPOLOGY": path}
    before = dict(declarations._declared)
    declarations._declared.clear()
    tallies._take()
    yield path
    tallies._take()
    declarations._declared.clear()
    declarations._declared.update(before)


@pytest.fixture
def stand(monkeypatch):
    """Return a function that puts seams at a stage, without a database."""
    refresher = snapshot.Refresher()  # never started: it is only asked for its snapshot
    monkeypatch.setattr(snapshot, "_refresher", refresher)

    def stand(stage: RolloutStage, percent: int = 0, seam: str = "reports.nightly") -> None:
        rollouts = {**refresher.snapshot.rollouts}
        rollouts[seam] = Rollout(seam=seam, stage=stage, percent=Decimal(percent))
        refresher.snapshot = snapshot.Snapshot(revision=1, rollouts=rollouts)

    stand(RolloutStage.LEGACY)
    return stand
