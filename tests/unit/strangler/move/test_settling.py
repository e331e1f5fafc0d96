"""A verification waits for changes as long as somebody follows them."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from strangler.move import gating
from strangler.move.errors import MoveError

RECORD = SimpleNamespace(pk=1, service="images")


@pytest.fixture
def settle(monkeypatch):
    """Return a function that waits for a changelog whose oldest entries are so old, one after the other."""
    table = SimpleNamespace(number=1, source=SimpleNamespace(name="photo"))
    monkeypatch.setattr(gating, "table_pairs", lambda *_, **__: [table])

    def run(ages, *, patience):
        left = list(ages)
        source = SimpleNamespace(
            changelog=lambda *_: "log",
            backlog=lambda _: (0, 0.0) if not left else (1, left.pop(0) if math.isfinite(left[0]) else 60.0),
        )
        began = time.monotonic()
        gating.settle(RECORD, pair=SimpleNamespace(source=source), patience=timedelta(seconds=patience))
        return time.monotonic() - began

    return run


def test_it_waits_beyond_its_patience_while_changes_are_followed(settle):
    rest = gating.REST.total_seconds()
    assert settle([50 - number for number in range(10)], patience=3 * rest) > 8 * rest


def test_it_gives_up_when_nothing_is_followed(settle):
    with pytest.raises(MoveError, match="photo are not followed"):
        settle([math.inf], patience=0.2)
