import textwrap
from pathlib import Path

import pytest

from strangler.cli.up.members import list_members, select
from strangler.core.topology import Topology
from strangler.errors import ConfigurationError

STATE = Path("/state")


@pytest.fixture
def members(tmp_path):
    file = tmp_path / "strangler.toml"
    file.write_text(
        textwrap.dedent("""
            [monolith]
            settings = "shop.settings"
            processes = { web = "serve" }
            [services.images]
            settings = "images.settings"
            processes = { web = "serve", worker = "work" }
            [services.email]
            url_variable = "EMAIL_SERVICE_URL"
            settings = "email.settings"
            processes = { worker = "work" }
        """)
    )
    return list_members(Topology.load(file), state=STATE)


def names(members, *, only=(), without=(), environ=None):
    return [member.name for member in select(members, only=only, without=without, environ=environ or {})]


def test_the_broker_and_the_mail_catcher_come_before_those_who_need_them(members):
    assert names(members) == ["valkey", "smtp", "monolith", "images", "email"]


def test_a_broker_named_in_the_environment_replaces_the_embedded_one(members):
    environ = {"BROKER_URL": "amqp://rabbit/", "EMAIL_URL": "smtp://mail.example:25"}
    assert names(members, environ=environ) == ["monolith", "images", "email"]


def test_an_embedded_broker_asked_for_by_name_starts_whatever_the_environment_says(members):
    assert names(members, only=["valkey"], environ={"BROKER_URL": "amqp://rabbit/"}) == ["valkey"]


def test_except_leaves_out_and_only_narrows_down(members):
    assert names(members, without=["images", "smtp"]) == ["valkey", "monolith", "email"]
    assert names(members, only=["images", "monolith"], without=["monolith"]) == ["images"]


def test_an_unknown_name_is_refused_with_the_nearest_known_one(members):
    with pytest.raises(ConfigurationError, match=r"'imags'.*'images'"):
        names(members, only=["imags"])


def test_leaving_out_everything_is_refused(members):
    with pytest.raises(ConfigurationError, match="Nothing is left to start"):
        names(members, only=["images"], without=["images"])


def test_each_member_says_where_it_is_found(members):
    assert members["monolith"].url_at(8080) == "http://127.0.0.1:8080"
    assert members["valkey"].url_at(7000) == "redis://127.0.0.1:7000/0"
    assert members["smtp"].url_at(2525) == "smtp://127.0.0.1:2525"
    assert members["images"].variable == "IMAGES_URL"


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://127.0.0.1:9001", 9001),
        ("http://localhost:9002/", 9002),
        ("http://images.example:9003", 8001),
        ("http://127.0.0.1", 8001),
        ("", 8001),
    ],
)
def test_a_local_url_in_the_environment_says_which_port_is_preferred(members, url, port):
    assert members["images"].preferred_port({"IMAGES_URL": url}) == port
