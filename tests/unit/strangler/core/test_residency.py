"""Personal data stays in the regions that it may be in, or somebody hears of it."""

from __future__ import annotations

import pytest

from strangler.core.residency import find_violations
from strangler.core.topology import Topology
from strangler.core.topology_file import parse
from strangler.errors import TopologyError

RULES = {"allowed": ["eu", "ch"], "personal": ["accounts.*", "images.Photo"]}
HOME = {"database": "eu-central", "broker": "eu-central", "storage": "eu-central"}


def topology(*, monolith=None, owns=("images.Photo", "images.Rendition"), **places) -> Topology:
    """Return a topology with one service, whose stores are where *places* say."""
    document = {
        "monolith": {"residency": {**RULES, **HOME} if monolith is None else monolith},
        "services": {"images": {"settings": "x", "owns": [*owns], "residency": places}},
    }
    read, services = parse(document, where="strangler.toml")[:2]
    return Topology(monolith=read, services=services)


def found(**places) -> list[str]:
    return [str(each) for each in find_violations(topology(**places))]


@pytest.mark.parametrize("region", ["eu", "eu-west-1", "ch"])
def test_a_database_in_an_allowed_region_or_a_part_of_it_is_fine(region):
    assert found(database=region) == []


@pytest.mark.parametrize("region", ["us", "europe", "e", "us-eu"])
def test_a_service_whose_personal_tables_would_leave_is_refused(region):
    (violation,) = found(database=region)
    assert violation == (
        f"database of images: personal data (images.Photo) would be in {region}, and may only be in eu, ch"
    )


def test_tables_without_personal_data_may_be_anywhere():
    assert found(owns=["images.Rendition"], database="us", broker="us", storage="us") == []


def test_patterns_name_all_models_of_an_app():
    assert found(owns=["accounts.User"], database="us") != []


@pytest.mark.parametrize("store", ["broker", "storage"])
def test_messages_and_files_follow_the_tables_unless_it_is_said_that_nothing_personal_comes_there(store):
    assert len(found(**{store: "us"})) == 1
    assert found(**{store: {"region": "us", "personal": False}}) == []


def test_a_store_can_be_personal_though_no_table_is():
    (violation,) = found(owns=[], storage={"region": "us", "personal": True})
    assert violation.startswith("storage of images: personal data would be in us")


def test_a_database_with_personal_tables_can_t_be_said_to_have_none():
    (violation,) = found(database={"region": "us", "personal": False})
    assert violation.endswith("it is said to have no personal data, and has images.Photo")


def test_what_a_service_does_not_say_is_as_in_the_monolith():
    assert found() == []
    abroad = {**RULES, **HOME, "storage": {"region": "us", "personal": False}}
    (violation,) = found(monolith=abroad)
    assert violation.startswith("storage of images: personal data (images.Photo) would be in us")


def test_a_personal_store_of_which_nobody_says_where_it_is_is_refused():
    violations = found(monolith=RULES, broker="eu", storage="eu")
    assert violations == [
        "database of images: nobody says in which region it is, and personal data (images.Photo) would come there"
    ]


def test_the_monolith_is_held_to_its_own_rules():
    (violation,) = found(monolith={**RULES, **HOME, "database": "us"}, owns=[])
    assert violation.startswith("database of monolith: personal data would be in us")


def test_without_rules_nothing_is_checked():
    assert found(monolith={}, database="us") == []


@pytest.mark.parametrize(
    ("monolith", "places", "message"),
    [
        ({"personal": ["a.B"]}, {}, "no region that it may be in"),
        ({"alowed": ["eu"]}, {}, "Did you mean 'allowed'"),
        ({}, {"allowed": ["eu"]}, "no key 'allowed'"),
        ({}, {"database": 7}, "must be a table"),
        ({}, {"database": {"personal": True}}, "has no 'region'"),
        ({}, {"storage": {"region": "eu", "personal": "no"}}, "must be true or false"),
    ],
)
def test_what_can_t_be_read_is_an_error_that_names_its_place(monolith, places, message):
    with pytest.raises(TopologyError, match=message) as caught:
        topology(monolith=monolith, **places)
    assert "residency]" in caught.value.where
