"""The topology file: what it says, and what it refuses."""

from datetime import timedelta
from pathlib import Path

import pytest

from strangler.core.topology import Topology
from strangler.errors import TopologyError

ROOT = Path(__file__).resolve().parents[4]
SERVICE = '[services.images]\nsettings = "extracted.images.settings"\n'


def load(tmp_path, text: str) -> Topology:
    path = tmp_path / "strangler.toml"
    path.write_text(text)
    return Topology.load(path)


def route(name="images.upload", path="/photos/upload/", methods='["POST"]', extra="") -> str:
    return f'[[services.images.routes]]\nname = "{name}"\npath = "{path}"\nmethods = {methods}\n{extra}\n'


def test_an_empty_file_is_an_empty_topology(tmp_path):
    topology = load(tmp_path, "")
    assert not topology.services
    assert not topology.routes
    assert topology.match("GET", "/") is None


def test_the_projects_own_topology_is_valid():
    topology = Topology.load(ROOT / "strangler.toml")
    upload = topology.seams["images.upload"]
    assert upload.service == "images"
    assert upload.is_idempotent
    assert topology.services["images"].database_variable == "IMAGES_DATABASE_URL"


def test_a_route_has_the_values_of_the_file(tmp_path):
    extra = "timeout_seconds = 2.5\nmax_body_bytes = 1_000\nidempotent = true\nlegacy = false"
    (found,) = load(tmp_path, SERVICE + route(extra=extra)).routes
    assert found.timeout == timedelta(seconds=2.5)
    assert found.max_body_bytes == 1000
    assert found.is_idempotent
    assert not found.has_legacy


def test_a_service_listens_where_its_variable_says(tmp_path):
    assert load(tmp_path, SERVICE).services["images"].url_variable == "IMAGES_URL"
    named = load(tmp_path, SERVICE + 'url_variable = "PICTURES_URL"\n')
    assert named.services["images"].url_variable == "PICTURES_URL"


def test_the_mail_servers_variable_is_nobody_elses(tmp_path):
    with pytest.raises(TopologyError, match=r"EMAIL_URL.*EMAIL_SERVICE_URL"):
        load(tmp_path, '[services.email]\nsettings = "extracted.email.settings"\n')


def test_a_variable_has_a_variables_name(tmp_path):
    with pytest.raises(TopologyError, match="url_variable"):
        load(tmp_path, SERVICE + 'url_variable = "pictures url"\n')


def test_get_brings_head_with_it(tmp_path):
    topology = load(tmp_path, SERVICE + route(methods='["GET"]'))
    assert topology.match("HEAD", "/photos/upload/") is topology.match("GET", "/photos/upload/")
    assert topology.match("POST", "/photos/upload/") is None


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("/photos/upload/", "/photos/upload/", True),
        ("/photos/upload/", "/photos/upload", False),
        ("/photos/upload/", "/photos/upload/\n", False),
        ("/photos/<int:pk>/", "/photos/12/", True),
        ("/photos/<int:pk>/", "/photos/12/delete/", False),
        ("/photos/<int:pk>/", "/photos/x/", False),
        ("/photos/<name>/", "/photos/a b/", True),
        ("/photos/<uuid:id>/", "/photos/6f1f0a52-9c53-4f4e-b54c-2f7d5e1c9b7a/", True),
        ("/images/*", "/images/", True),
        ("/images/*", "/images/a/b", True),
        ("/images/*", "/images", False),
        ("/a.b/", "/axb/", False),
    ],
)
def test_paths_match_as_django_would_match_them(tmp_path, pattern, path, is_match):
    topology = load(tmp_path, SERVICE + route(path=pattern))
    assert (topology.match("POST", path) is not None) is is_match


def test_the_more_specific_route_wins(tmp_path):
    topology = load(
        tmp_path,
        SERVICE
        + route("images.all", "/photos/*")
        + route("images.deep", "/photos/archive/*")
        + route("images.one", "/photos/<int:pk>/")
        + route("images.seven", "/photos/7/"),
    )
    paths = {
        "/photos/x": "images.all",
        "/photos/archive/x": "images.deep",
        "/photos/8/": "images.one",
        "/photos/7/": "images.seven",
    }
    assert {path: topology.match("POST", path).name for path in paths} == paths


REFUSED = {
    "unknown top key": (
        "[service.images]\nsettings='x'",
        "there is no key 'service'. Did you mean 'services'?",
    ),
    "unknown service key": (SERVICE + 'setting = "x"', "there is no key 'setting'. Did you mean 'settings'?"),
    "unknown route key": (SERVICE + route(extra="timeout = 3"), "Did you mean 'timeout_seconds'?"),
    "missing service": (
        SERVICE + '[[services.imagse.routes]]\nname = "images.x"\npath = "/x/"',
        "[services.imagse]: has no 'settings'",
    ),
    "bad service name": ('[services.Images]\nsettings = "x"', "can't be a service's name"),
    "reserved service name": ('[services.valkey]\nsettings = "x"', "can't be a service's name"),
    "bad seam name": (SERVICE + route(name="upload"), "name must be like 'images.upload'"),
    "bad method": (SERVICE + route(methods='["PSOT"]'), "there is no method 'PSOT'. Did you mean 'POST'?"),
    "no method": (SERVICE + route(methods="[]"), "methods is empty"),
    "relative path": (SERVICE + route(path="photos/"), "must begin with a slash"),
    "unknown converter": (SERVICE + route(path="/<date:x>/"), "no converter 'date'"),
    "broken parameter": (SERVICE + route(path="/<int:/"), "a parameter is written <int:name>"),
    "star in the middle": (SERVICE + route(path="/a/*/b"), "a `*` at its very end"),
    "star behind a word": (SERVICE + route(path="/a*"), "a prefix ends in `/*`"),
    "query in the path": (SERVICE + route(path="/a/?b=1"), "only a path"),
    "same name twice": (SERVICE + route() + route(path="/other/"), "there are two seams of this name"),
    "same path twice": (
        SERVICE + route() + route("images.other"),
        "/photos/upload/ overlaps /photos/upload/",
    ),
    "overlapping parameters": (
        SERVICE + route("images.a", "/p/<int:pk>/") + route("images.b", "/p/<slug:name>/"),
        "/p/<slug:name>/ overlaps /p/<int:pk>/ of images.a for POST",
    ),
    "timeout is text": (SERVICE + route(extra='timeout_seconds = "3"'), "must be a number above 0"),
    "timeout is infinite": (SERVICE + route(extra="timeout_seconds = inf"), "must be a number above 0"),
    "limit is zero": (SERVICE + route(extra="max_body_bytes = 0"), "must be a number above 0"),
    "idempotent is text": (SERVICE + route(extra='idempotent = "yes"'), "must be true or false"),
    "processes is no table": (SERVICE + 'processes = "gunicorn"', "processes must be a table"),
    "empty command": (
        SERVICE + '[services.images.processes]\nweb = " "',
        "processes.web must be a command line",
    ),
    "services is no table": ("services = 3", "must be a table"),
    "owns is no list": (SERVICE + 'owns = "images.Photo"', "owns must be a list"),
    "not TOML": ("[services", "is not valid TOML"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_file_is_refused_with_the_place_and_the_next_action(tmp_path, text, message):
    with pytest.raises(TopologyError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert "strangler.toml" in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(TopologyError, match="Create it, or point"):
        Topology.load(tmp_path / "none.toml")


def test_routes_of_two_services_may_not_overlap_either(tmp_path):
    other = SERVICE.replace("images", "reports") + route("reports.x").replace(
        "services.images", "services.reports"
    )
    with pytest.raises(TopologyError, match=r"overlaps /photos/upload/ of images\.upload"):
        load(tmp_path, SERVICE + route() + other)


def test_the_same_path_with_other_methods_is_no_overlap(tmp_path):
    topology = load(tmp_path, SERVICE + route() + route("images.form", methods='["GET"]'))
    assert topology.match("GET", "/photos/upload/").name == "images.form"


def test_the_service_of_logins_names_its_session_cookie_and_may_see_others(tmp_path):
    topology = load(tmp_path, SERVICE + 'session_cookie = "pictures"\ncookies = ["messages"]\n')
    assert topology.login is topology.services["images"]
    assert topology.login.kept_cookies == {"pictures", "messages"}


def test_without_a_session_cookie_nobody_logs_in_at_a_service(tmp_path):
    topology = load(tmp_path, SERVICE)
    assert topology.login is None
    assert topology.services["images"].kept_cookies == frozenset()


@pytest.mark.parametrize("line", ['session_cookie = "a b"', 'cookies = ["a", ""]', 'cookies = ["a;b"]'])
def test_what_can_not_name_a_cookie_is_refused(tmp_path, line):
    with pytest.raises(TopologyError, match="can't name a cookie"):
        load(tmp_path, f"{SERVICE}{line}\n")


def test_two_services_of_logins_are_refused(tmp_path):
    other = '[services.email]\nsettings = "x"\nurl_variable = "MAIL_URL"\nsession_cookie = "b"\n'
    with pytest.raises(TopologyError, match="so has images"):
        load(tmp_path, f'{SERVICE}session_cookie = "a"\n{other}')
