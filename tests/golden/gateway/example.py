"""The example of the golden files, and what it renders."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from strangler.core.stages import Rollout, RolloutStage
from strangler.core.topology import Topology
from strangler.gateway.renderers import render
from strangler.gateway.site import Site
from strangler.rollout.snapshot import Snapshot

HERE = Path(__file__).resolve().parent
FILES = HERE / "files"


def example() -> Site:
    """Return the example, with its seams at different stages."""
    rollouts = {
        "images.upload": Rollout(seam="images.upload", stage=RolloutStage.CANARY, percent=Decimal("12.25")),
        "images.page": Rollout(seam="images.page", stage=RolloutStage.LIVE, percent=Decimal(100)),
    }
    snapshot = Snapshot(revision=17, rollouts=MappingProxyType(rollouts))
    return Site(Topology.load(HERE / "strangler.toml"), snapshot)


def rendered() -> dict[str, str]:
    """Return what the example renders, by name."""
    return render(example())
