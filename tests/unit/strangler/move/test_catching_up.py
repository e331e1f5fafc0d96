"""When the changelog is calm enough for the fence, by the budget that writers may wait."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from strangler.move.errors import MoveError
from strangler.move.following import ENTRIES
from strangler.move.turning import CALM, Turn


def turn(budget, *, followed, differing):
    """Return a turn whose follower and prover find one number after the other, the last one for ever."""

    def numbers(found):
        left = list(found)
        return lambda: left.pop(0) if len(left) > 1 else left[0]

    made = Turn(
        record=SimpleNamespace(service="images"),
        steps=SimpleNamespace(budget=timedelta(seconds=budget)),
        prover=SimpleNamespace(lessen=numbers(differing)),
        **dict.fromkeys(("pair", "token", "ours", "theirs", "tables")),
    )
    follower = SimpleNamespace(step=numbers(followed))
    return made, follower


@pytest.fixture
def catch_up(monkeypatch):
    def run(budget, **found):
        made, follower = turn(budget, **found)
        monkeypatch.setattr(Turn, "_followers", lambda *_: [follower])
        monkeypatch.setattr("strangler.move.turning.CATCH_UP", timedelta(seconds=0.05))
        made.catch_up()

    return run


def test_many_changes_are_followed_until_few_are_left(catch_up):
    catch_up(1, followed=[ENTRIES, ENTRIES, 20], differing=[CALM * 2, 5])


def test_a_larger_budget_has_time_for_more(catch_up):
    with pytest.raises(MoveError, match="--budget-ms"):
        catch_up(1, followed=[20], differing=[CALM * 3])
    catch_up(3, followed=[20], differing=[CALM * 3])


def test_a_full_step_is_never_calm_however_large_the_budget(catch_up):
    with pytest.raises(MoveError, match="grows faster"):
        catch_up(60, followed=[ENTRIES], differing=[0])
