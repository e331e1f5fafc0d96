"""Every system check has an id, a hint, and a test here."""

import pytest
from django.core.checks import run_checks

from strangler.calls import declarations, seam
from strangler.checks import POSITIONS, SESSIONS, check_loose_keys, check_replicas

KEY = "k" * 40
TOPOLOGY = (
    '[services.images]\nsettings = "x"\n'
    '[[services.images.routes]]\nname = "images.upload"\npath = "/photos/upload/"\nmethods = ["POST"]\n'
)


@pytest.fixture
def topology_file(tmp_path):
    path = tmp_path / "strangler.toml"
    path.write_text(TOPOLOGY)
    return path


@pytest.fixture
def sound(settings, topology_file, monkeypatch):
    monkeypatch.setenv("IMAGES_URL", "http://127.0.0.1:8001")
    settings.STRANGLER = {"TOPOLOGY": topology_file, "SIGNING_KEYS": [KEY]}
    return settings


def found() -> dict[str, str]:
    return {message.id: str(message.hint) for message in run_checks() if message.id.startswith("strangler.")}


def test_a_sound_configuration_has_no_findings(sound):
    assert found() == {}


def test_no_configuration_at_all_has_no_findings(settings):
    settings.STRANGLER = {}
    assert found() == {}


def test_e001_an_unknown_key_names_the_nearest(sound):
    sound.STRANGLER = {"TOPOLOGI": "x"}
    assert "Did you mean 'TOPOLOGY'?" in found()["strangler.E001"]


def test_e002_a_wrong_topology_names_the_nearest_key(sound, topology_file):
    topology_file.write_text("[service.images]")
    sound.STRANGLER = {**sound.STRANGLER}
    assert "Did you mean 'services'?" in found()["strangler.E002"]


def test_e003_a_service_without_a_url_names_the_variable(sound, monkeypatch):
    monkeypatch.delenv("IMAGES_URL")
    assert "IMAGES_URL" in found()["strangler.E003"]


def test_e004_missing_signing_keys_are_reported(sound, topology_file):
    sound.STRANGLER = {"TOPOLOGY": topology_file}
    assert "SIGNING_KEYS" in found()["strangler.E004"]


def test_e004_short_signing_keys_are_reported(sound, topology_file):
    sound.STRANGLER = {"TOPOLOGY": topology_file, "SIGNING_KEYS": ["short"]}
    assert "secrets" in found()["strangler.E004"]


def test_e005_csrf_tokens_in_the_session_are_reported(sound):
    sound.CSRF_USE_SESSIONS = True
    assert "CSRF_USE_SESSIONS = False" in found()["strangler.E005"]


def test_e006_a_seam_that_the_topology_lacks_is_said_with_the_nearest_one(sound, topology_file):
    seam("images.resise")(lambda: None)
    try:
        assert "strangler.E006" not in found()  # no call is taken over yet, so none is missing
        call = '[[services.images.calls]]\nname = "images.resize"\ntask = "images.resize"\n'
        topology_file.write_text(TOPOLOGY + call)
        sound.STRANGLER = {**sound.STRANGLER}
        messages = [each for each in run_checks() if each.id == "strangler.E006"]
        (ours,) = (each for each in messages if "images.resise" in each.msg)
        assert "Did you mean 'images.resize'?" in ours.hint
    finally:
        declarations.forget("images.resise")


def test_e007_a_sandbox_behind_another_middleware_is_reported(sound):
    sandbox = "strangler.service.sandbox.SandboxMiddleware"
    sound.MIDDLEWARE = [sandbox, "django.middleware.common.CommonMiddleware"]
    assert "strangler.E007" not in found()
    sound.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", sandbox]
    assert sandbox in found()["strangler.E007"]


def test_e008_a_folder_with_too_long_a_path_for_a_socket_is_reported(sound):
    sound.STRANGLER = {**sound.STRANGLER, "SHADOW_FOLDER": "/run/" + "x" * 81}
    assert "strangler.E008" not in found()
    sound.STRANGLER = {**sound.STRANGLER, "SHADOW_FOLDER": "/run/" + "x" * 82}
    assert "fewer than 86 bytes" in found()["strangler.E008"]


def test_e050_a_guard_without_its_parser_is_reported(sound, monkeypatch):
    monkeypatch.setattr("strangler.checks.can_parse", lambda: False)
    assert "strangler.E050" not in found()
    sound.STRANGLER = {**sound.STRANGLER, "ISOLATION": "count"}
    assert "django-strangler[isolation]" in found()["strangler.E050"]


@pytest.mark.parametrize("databases", [{"imagse": "default"}, {"images": "nowhere"}])
def test_e051_a_database_of_a_service_has_to_exist(sound, databases):
    sound.DATABASE_ROUTERS = ["strangler.isolation.router.OwnershipRouter"]
    sound.STRANGLER = {**sound.STRANGLER, "SERVICE_DATABASES": databases}
    assert set(found()) == {"strangler.E051"}


def test_w052_databases_of_services_need_the_router(sound):
    sound.STRANGLER = {**sound.STRANGLER, "SERVICE_DATABASES": {"images": "default"}}
    assert "DATABASE_ROUTERS" in found()["strangler.W052"]


@pytest.mark.parametrize(
    ("owned", "key", "hint"),
    [
        ("accounts.Profile", "accounts.Profile.user", "loose"),
        ("catalog.Variant", "orders.OrderItem.variant", "DO_NOTHING"),
    ],
)
def test_w053_keys_across_a_border_need_a_rule_that_works_across_it(sound, topology_file, owned, key, hint):
    topology_file.write_text(f'[services.images]\nsettings = "x"\nowns = ["photos.Photo", "{owned}"]\n')
    sound.STRANGLER = {**sound.STRANGLER}
    messages = [f"{each.msg} {each.hint}" for each in check_loose_keys()]
    assert any(key in each and hint in each for each in messages)
    assert not any("photos.Photo.owner" in each for each in messages), "its rule is a loose one"
    assert "strangler.W053" in found()


class Other:
    """A router that has no opinion."""


@pytest.fixture
def replicated(sound, monkeypatch):
    """Return settings with a MariaDB and a replica of it, as they should be."""
    for alias in ("shop", "shop_replica"):
        monkeypatch.setitem(sound.DATABASES, alias, {"ENGINE": "django.db.backends.mysql"})
    sound.DATABASE_ROUTERS = ["strangler.replicas.ReplicaRouter"]
    sound.MIDDLEWARE = [POSITIONS, SESSIONS]
    sound.STRANGLER = {**sound.STRANGLER, "REPLICAS": {"shop": ["shop_replica"]}}
    return sound


def replica_findings() -> list[str]:
    return [f"{message.id} {message.msg} {message.hint}" for message in check_replicas()]


def test_replicas_as_they_should_be_have_no_findings(replicated):
    assert replica_findings() == []


def test_a_replica_that_is_no_database(replicated):
    replicated.STRANGLER = {**replicated.STRANGLER, "REPLICAS": {"shop": ["shop_replika"]}}
    (finding,) = replica_findings()
    assert finding.startswith("strangler.E080 REPLICAS names 'shop_replika'")
    assert "Did you mean 'shop_replica'?" in finding


def test_a_replica_of_an_engine_without_positions(replicated, monkeypatch):
    monkeypatch.setitem(replicated.DATABASES, "shop", {"ENGINE": "django.db.backends.sqlite3"})
    (finding,) = replica_findings()
    assert finding.startswith("strangler.E080 REPLICAS names 'shop', whose engine")


@pytest.mark.parametrize("routers", [[], [f"{__name__}.Other", "strangler.replicas.ReplicaRouter"]])
def test_replicas_without_their_router_in_front(replicated, routers):
    replicated.DATABASE_ROUTERS = routers
    (finding,) = replica_findings()
    assert finding.startswith("strangler.E081 Nothing sends reads")


def test_replicas_without_the_middleware_before_the_sessions(replicated):
    replicated.MIDDLEWARE = [SESSIONS, POSITIONS]
    (finding,) = replica_findings()
    assert finding.startswith("strangler.E081 Visitors would not see what they wrote.")


def test_personal_tables_that_would_leave_their_region(sound, topology_file):
    topology_file.write_text(
        '[monolith.residency]\nallowed = ["eu"]\npersonal = ["images.*"]\ndatabase = "eu"\nbroker = "eu"\n'
        f'storage = "eu"\n{TOPOLOGY}'.replace('settings = "x"\n', 'settings = "x"\nowns = ["images.Photo"]\n')
        + '[services.images.residency]\ndatabase = "us"\n'
    )
    assert found() == {"strangler.E082": "Keep it in another region, or correct the topology's `residency`."}


def test_e090_a_monolith_that_would_not_know_the_logins_of_a_service_is_reported(sound, topology_file):
    topology_file.write_text(TOPOLOGY.replace('"x"', '"x"\nsession_cookie = "sessionid"', 1))
    sound.STRANGLER = {**sound.STRANGLER}
    logins = "strangler.bridge.middleware.LoginMiddleware"
    sound.INSTALLED_APPS = [each for each in sound.INSTALLED_APPS if each != "strangler.bridge"]
    sound.MIDDLEWARE = [logins, *(each for each in sound.MIDDLEWARE if each != logins)]
    messages = [each for each in run_checks() if each.id == "strangler.E090"]
    assert [each.msg.partition(", but ")[2] for each in messages] == [
        "strangler.bridge is not installed.",
        "nothing looks for their logins.",
        "its session cookie has the name of the monolith's, 'sessionid'.",
    ]
    assert all(each.hint for each in messages)


def test_e090_a_monolith_that_is_set_up_for_it_is_not_reported(sound, topology_file):
    topology_file.write_text(TOPOLOGY.replace('"x"', '"x"\nsession_cookie = "shop_account"', 1))
    sound.STRANGLER = {**sound.STRANGLER}
    assert "strangler.E090" not in found()
