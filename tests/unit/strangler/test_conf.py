"""settings.STRANGLER and database URLs: what they mean, and what is refused."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from strangler.conf import config, database_from_url, read_config
from strangler.core.topology import Topology
from strangler.errors import ConfigurationError, TopologyError

KEY = "k" * 40


def test_an_empty_setting_is_an_empty_topology_and_the_defaults():
    read = read_config({})
    assert not read.topology.routes
    assert read.cookie_name == "strangler_id"
    assert read.snapshot_interval == timedelta(seconds=1)


def test_every_key_reaches_the_field_of_its_name():
    read = read_config(
        {"BEHIND_PROXY": True, "POOL_SIZE": 3, "SIGNING_KEYS": [KEY, KEY], "SERVICE": "images"}
    )
    assert (read.is_behind_proxy, read.pool_size, read.signing_keys, read.service) == (
        True,
        3,
        (KEY, KEY),
        "images",
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"TOPOLGY": "x"}, "has no key \"TOPOLGY\". Did you mean 'TOPOLOGY'?"),
        ({"TOPOLOGY": 3}, "must be the path of a topology file"),
        ({"POOL_SIZE": 0}, "must be a whole number above 0"),
        ({"POOL_SIZE": True}, "must be a whole number above 0"),
        ({"IDLE_TIMEOUT": 5}, "must be a timedelta, not 5"),
        ({"COOKIE_NAME": b"x"}, "must be a text"),
        ({"BEHIND_PROXY": "yes"}, "must be True or False"),
        ({"SIGNING_KEYS": []}, "each of 32 characters or more"),
        ({"SIGNING_KEYS": "k" * 40}, "must be a list"),
        ({"SIGNING_KEYS": ["short"]}, "secrets.token_urlsafe"),
        ({"SERVICE_URLS": []}, "must be a dict"),
    ],
)
def test_a_wrong_setting_names_the_key(raw, message):
    with pytest.raises(ConfigurationError) as caught:
        read_config(raw)
    assert message in str(caught.value)


def test_a_missing_topology_file_names_it(tmp_path):
    with pytest.raises(TopologyError, match=r"none\.toml"):
        read_config({"TOPOLOGY": tmp_path / "none.toml"})


def test_the_configuration_follows_a_changed_setting(settings):
    settings.STRANGLER = {"COOKIE_NAME": "one"}
    assert config().cookie_name == "one"
    settings.STRANGLER = {"COOKIE_NAME": "two"}
    assert config().cookie_name == "two"


@pytest.fixture
def topology(tmp_path) -> Topology:
    path = tmp_path / "strangler.toml"
    path.write_text('[services.images]\nsettings = "x"\n')
    return Topology.load(path)


def test_a_service_url_comes_from_the_environment(topology, monkeypatch):
    monkeypatch.setenv("IMAGES_URL", "http://images.internal:8001/")
    assert read_config({"TOPOLOGY": topology}).service_url("images") == "http://images.internal:8001"


def test_a_service_url_of_the_setting_wins(topology, monkeypatch):
    monkeypatch.setenv("IMAGES_URL", "http://other")
    read = read_config({"TOPOLOGY": topology, "SERVICE_URLS": {"images": "https://here"}})
    assert read.service_url("images") == "https://here"


@pytest.mark.parametrize("url", ["", "images:8001", "ftp://images", "http://"])
def test_a_service_without_a_usable_url_names_the_variable(topology, monkeypatch, url):
    monkeypatch.setenv("IMAGES_URL", url)
    with pytest.raises(ConfigurationError, match="Set IMAGES_URL=http://host:port"):
        read_config({"TOPOLOGY": topology}).service_url("images")


def test_sqlite_gets_wal_and_immediate_transactions():
    entry = database_from_url("sqlite:////tmp/x.sqlite3")
    assert entry["NAME"] == "/tmp/x.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]


def test_mariadb_gets_utf8mb4_and_read_committed():
    entry = database_from_url("mysql://shop:secret@db:3307/shop?connect_timeout=2")
    assert (entry["HOST"], entry["PORT"], entry["NAME"], entry["USER"]) == ("db", 3307, "shop", "shop")
    assert entry["OPTIONS"]["charset"] == "utf8mb4"
    assert entry["OPTIONS"]["isolation_level"] == "read committed"
    assert int(entry["OPTIONS"]["connect_timeout"]) == 2


def test_postgres_is_left_to_its_defaults():
    entry = database_from_url("postgres://shop:secret@db/shop")
    assert entry["ENGINE"] == "django.db.backends.postgresql"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.sqlite3",
        "oracle://db/x",
        "mysql://shop:secret@db:port/shop",
        "postgres://",
        "mysql:///",
        "sqlite",
    ],
)
def test_a_database_url_that_does_not_parse_names_the_variable_and_the_form(url):
    with pytest.raises(ImproperlyConfigured) as caught:
        database_from_url(url, variable="IMAGES_DATABASE_URL")
    assert "IMAGES_DATABASE_URL" in str(caught.value)
    assert "://" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SHADOW_NOISE_PERCENT", 101),
        ("SHADOW_NOISE_PERCENT", True),
        ("SHADOW_KEEP", -1),
        ("MONOLITH_URL", 8000),
    ],
)
def test_values_of_the_shadow_worker_that_make_no_sense_are_refused(key, value):
    with pytest.raises(ConfigurationError, match=key):
        read_config({key: value})


def test_the_url_of_the_monolith_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MONOLITH_URL", "http://127.0.0.1:8000/")
    assert read_config({}).legacy_url() == "http://127.0.0.1:8000"
    monkeypatch.delenv("MONOLITH_URL")
    with pytest.raises(ConfigurationError, match="MONOLITH_URL=http"):
        read_config({}).legacy_url()


@pytest.mark.parametrize(
    "replicas",
    ["replica", {"default": "replica"}, {"default": []}, {"default": ["default"]}, {"a": ["r"], "b": ["r"]}],
)
def test_replicas_that_make_no_cluster_are_refused(replicas):
    with pytest.raises(ConfigurationError, match="REPLICAS"):
        read_config({"REPLICAS": replicas})


def test_replicas_are_read_by_primary():
    read = read_config({"REPLICAS": {"default": ["db01", "db02"]}})
    assert read.replicas == {"default": ("db01", "db02")}
