"""The ways of a seam's requests through nginx."""

from __future__ import annotations

from dataclasses import replace

import pytest

from strangler.core.stages import RolloutStage
from strangler.core.topology import Topology
from strangler.gateway import nginx
from strangler.gateway.site import Site
from strangler.gateway.ways import Way, fork, way_to_service, ways
from tests.unit.strangler.gateway.test_seams import view

SITE = Site(Topology())
CANARY = {"stage": RolloutStage.CANARY, "percent": "25"}
LIVE = {"stage": RolloutStage.LIVE, "percent": "100"}
ROUTES = """
[services.images]
settings = "unused"
[[services.images.routes]]
name = "images.usual"
path = "/usual/"
[[services.images.routes]]
name = "images.small"
path = "/<slug:name>/"
methods = ["POST"]
max_body_bytes = 1_000
[[services.images.routes]]
name = "images.beyond"
path = "/beyond/*"
"""


def found(seam) -> dict[str, Way]:
    return {way.name: way for way in ways(seam, SITE)}


def test_a_seam_that_stays_legacy_has_no_way_of_its_own():
    assert found(view()) == {}
    assert fork(view(**{**CANARY, "percent": "0"})).otherwise == "@monolith"


def test_only_with_a_session_is_the_monolith_asked_who_it_is():
    both = found(view(methods=["GET"], **LIVE))
    assert {name: way.asks_who for name, way in both.items()} == {
        "@images_seam": False,
        "@images_seam_of_session": True,
    }
    assert all(way.falls_back for way in both.values())


def test_legacy_takes_over_what_may_not_be_repeated_only_if_nobody_could_say_who_asks():
    both = found(view(methods=["POST"], **LIVE))
    assert {name: (way.falls_back, way.asks_legacy) for name, way in both.items()} == {
        "@images_seam": (False, False),
        "@images_seam_of_session": (False, True),
    }


@pytest.mark.parametrize(
    ("seam", "key", "branches"),
    [
        (
            view(**CANARY),
            "$strangler_session|$side_of_images_seam",
            {"|service": "@images_seam", "yes|service": "@images_seam_of_session"},
        ),
        (
            view(methods=["GET", "HEAD", "PUT"], **LIVE),
            "$strangler_session|$request_method",
            {
                "|GET": "@images_seam",
                "yes|GET": "@images_seam_of_session",
                "|HEAD": "@images_seam",
                "yes|HEAD": "@images_seam_of_session",
                "|PUT": "@images_seam_once",
                "yes|PUT": "@images_seam_once_of_session",
            },
        ),
        (
            view(has_legacy=False),
            "$strangler_session",
            {"": "@images_seam", "yes": "@images_seam_of_session"},
        ),
    ],
)
def test_a_map_finds_the_way_by_all_that_requests_differ_in(seam, key, branches):
    assert fork(seam).key == key
    assert dict(fork(seam).branches) == branches
    assert set(found(seam)) == set(branches.values())


def test_a_live_seam_needs_no_map():
    assert fork(view(**LIVE)) is None
    assert way_to_service(view(**LIVE), asks_who=True) == "@images_seam_of_session"
    assert way_to_service(view(**CANARY), asks_who=True) == "$way_of_images_seam"


def test_paths_have_locations_up_to_the_last_with_a_limit_of_its_own(tmp_path):
    path = tmp_path / "strangler.toml"
    path.write_text(ROUTES)
    text = nginx.render(replace(SITE, topology=Topology.load(path)))
    assert 'location = "/usual/"' in text, "what is said of the pattern after it must not count there"
    assert "client_max_body_size 1000;" in text
    assert 'location "/beyond/"' not in text
