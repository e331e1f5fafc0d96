"""Overrides count only when signed, for their seam, in their window."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from strangler import tokens
from strangler.core.decision import Side
from strangler.errors import TokenError
from strangler.facade import override

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wish(**changes):
    values = {"side": Side.SERVICE, "expires": NOW + HOUR}
    with time_machine.travel(NOW, tick=False):
        return override.make("images.upload", **(values | changes))


def read_at(moment, token):
    with time_machine.travel(moment, tick=False):
        return override.read(token)


def test_what_was_made_is_read_back():
    read = read_at(NOW, wish(staff_only=True))
    assert (read.seam, read.side, read.expires, read.staff_only) == (
        "images.upload",
        Side.SERVICE,
        NOW + HOUR,
        True,
    )


@pytest.mark.parametrize(
    ("seam", "moment", "covers"),
    [
        ("images.upload", NOW, True),
        ("images.other", NOW, False),
        ("images.upload", NOW + HOUR, False),
        ("images.upload", NOW - HOUR, False),
    ],
)
def test_it_covers_its_seam_in_its_window(seam, moment, covers):
    assert read_at(NOW, wish()).covers(seam, now=moment) == covers


def test_a_star_covers_every_seam():
    with time_machine.travel(NOW, tick=False):
        token = override.make("*", side=Side.LEGACY, expires=NOW + HOUR)
    assert read_at(NOW, token).covers("any.seam", now=NOW)


def test_one_that_begins_later_does_not_count_yet():
    read = read_at(NOW, wish(not_before=NOW + HOUR / 2))
    assert not read.covers("images.upload", now=NOW)
    assert read.covers("images.upload", now=NOW + HOUR / 2)


@pytest.mark.parametrize(
    "window",
    [
        {"expires": NOW - HOUR},
        {"expires": NOW + timedelta(days=400)},
        {"expires": NOW + HOUR, "not_before": NOW + 2 * HOUR},
    ],
)
def test_one_that_would_never_count_is_not_made(window):
    with pytest.raises(ValueError, match="must end after it begins"):
        wish(**window)


@pytest.mark.parametrize(
    "forge", [lambda token: token[:-1], lambda token: token + "x", lambda _: "", lambda _: "a:b:c"]
)
def test_a_forged_one_is_refused(forge):
    with pytest.raises(TokenError):
        read_at(NOW, forge(wish()))


def test_a_token_for_another_purpose_is_no_override():
    with pytest.raises(TokenError):
        override.read(tokens.sign({"seam": "*", "side": "service"}, purpose="principal for images"))


def test_unknown_claims_are_refused():
    with pytest.raises(TokenError):
        override.read(tokens.sign({"seam": "*", "side": "elsewhere"}, purpose="override"))
