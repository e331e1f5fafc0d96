"""Routes as other servers see them."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangler.core.paths import PathPattern
from strangler.core.seams import Route
from strangler.core.stages import Rollout, RolloutStage
from strangler.gateway.seams import ENDINGS, OF_SESSION, ONCE, SeamView, identifiers, path_regex, quoted
from strangler.gateway.site import Site


def view(path="/photos/", methods=("POST",), stage=RolloutStage.LEGACY, percent="0", **options) -> SeamView:
    route = Route(
        name="images.seam",
        service="images",
        pattern=PathPattern.parse(path),
        methods=frozenset(methods),
        **options,
    )
    return SeamView(route, Rollout(seam=route.name, stage=stage, percent=Decimal(percent)), "images_seam")


def nginx_reads(word: str) -> str:
    """Return what nginx makes of a quoted word: of a backslash only before a few characters anything else."""
    escapes = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "'": "'"}
    return re.sub(r"\\([\\\"'trn])", lambda found: escapes[found[1]], word[1:-1])


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_nginx_reads_a_quoted_text_as_it_was(text):
    word = quoted(text)
    assert nginx_reads(word) == text
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"', word)


@given(st.lists(st.sampled_from(["a.b", "a.b_c", "a_b.c", "a.b.c", "a_b_c.d"]), unique=True))
def test_every_seam_has_a_name_of_its_own(seams):
    names = identifiers(seams)
    assert len(set(names.values())) == len(seams)
    assert all(re.fullmatch(r"\w+", name) for name in names.values())


@given(
    st.lists(
        st.sampled_from(["a.b", "a.b_once", "a.b_of_session", "a.b_once_of_session", "a.b_once_2"]),
        unique=True,
    )
)
def test_no_name_is_that_of_another_seams_location(seams):
    names = list(identifiers(seams).values())
    endings = ["", *ENDINGS, ONCE + OF_SESSION]
    locations = [name + ending for name in names for ending in endings]
    assert len(set(locations)) == len(locations)


@pytest.mark.parametrize(
    "text", ["/a/<int:pk>/", "/it's (a) \\path/<slug:x>", "/é/", "/a.b+c/*", "/x{1}/<uuid:id>"]
)
def test_the_expression_matches_what_the_pattern_matches(text):
    seen = view(text)
    pcre = re.compile("^" + path_regex(seen.route).replace(r"\z", r"\Z"))
    for path in (
        "/a/7/",
        "/a/7/\n",
        "/a/x/",
        "/it's (a) \\path/x-1",
        "/%C3%A9/",
        "/a.b+c/x",
        "/aXb+c/x",
        "/x{1}/",
    ):
        decoded = unquote(path)
        assert bool(pcre.match(decoded)) == seen.route.pattern.matches(decoded)


def test_a_share_that_nobody_is_in_is_no_share():
    assert view(stage=RolloutStage.CANARY).share == ""
    assert not view(stage=RolloutStage.CANARY).may_be_service
    assert view(stage=RolloutStage.CANARY, percent="12.25").share == "12.25%"


@pytest.mark.parametrize(
    ("stage", "decision"),
    [(RolloutStage.CANARY, "images.seam=service;canary"), (RolloutStage.LIVE, "images.seam=service;stage")],
)
def test_the_service_hears_why_it_is_asked(stage, decision):
    assert str(view(stage=stage, percent="50").decision) == decision


def test_a_route_of_the_service_alone_has_no_other_side():
    born = view(has_legacy=False, methods=("GET",))
    assert (born.may_be_service, born.is_split, born.repeatable) == (True, False, [])
    assert str(born.decision) == "images.seam=service;no-legacy"


def test_legacy_may_repeat_what_is_safe_or_idempotent_unless_its_body_is_gone():
    assert view(methods=("GET", "HEAD", "POST")).repeatable == ["GET", "HEAD"]
    assert view(methods=("POST",), is_idempotent=True).repeatable == ["POST"]
    upload = view(methods=("POST",), is_idempotent=True, max_body_bytes=100_000_000)
    assert (upload.is_upload, upload.repeatable) == (True, [])


def test_a_service_gets_what_says_where_its_own_pages_may_be_read_from():
    site = Site.now(is_fresh=True)
    assert "strangler_position_images" in site.kept_cookies("images")
    assert not any("position" in name for name in site.session_cookies)
