import os
import sys
from pathlib import Path

import pytest

from strangler.cli.up.plan import make_plan, without_shell
from strangler.core.topology import Topology
from tests.servers.processes import free_port

STATE = Path("/state")


@pytest.fixture
def topology(tmp_path):
    file = tmp_path / "strangler.toml"
    file.write_text("""
        [monolith]
        settings = "shop.settings"
        [monolith.processes]
        release = "true; migrate shop"
        web = "true; serve shop"
        [services.images]
        settings = "images.settings"
        [services.images.processes]
        release = "true; migrate images"
        worker = "true; work images"
    """)
    return Topology.load(file)


def plan_of(topology, *, environ=None, wanted_ports=None, **options):
    return make_plan(topology, state=STATE, environ=environ or {}, wanted_ports=wanted_ports or {}, **options)


def commands(plan):
    return {command.name: command for command in plan.commands}


def test_releases_run_first_the_monoliths_before_the_services(topology):
    plan = plan_of(topology)
    assert [release.name for release in plan.releases] == ["monolith.release", "images.release"]
    assert list(commands(plan)) == ["valkey.server", "smtp.server", "monolith.web", "images.worker"]


def test_releases_can_be_left_out(topology):
    assert plan_of(topology, with_release=False).releases == ()


def test_every_process_knows_where_all_the_others_are(topology):
    wanted = {name: free_port() for name in ("monolith", "images", "valkey", "smtp")}
    plan = plan_of(topology, wanted_ports=wanted)
    for command in plan.commands:
        assert command.environ["MONOLITH_URL"] == f"http://127.0.0.1:{wanted['monolith']}"
        assert command.environ["IMAGES_URL"] == f"http://127.0.0.1:{wanted['images']}"
        assert command.environ["BROKER_URL"] == f"redis://127.0.0.1:{wanted['valkey']}/0"
        assert command.environ["EMAIL_URL"] == f"smtp://127.0.0.1:{wanted['smtp']}"
    assert commands(plan)["images.worker"].environ["PORT"] == str(wanted["images"])


def test_a_port_wanted_for_somebody_started_elsewhere_says_where_that_is(topology):
    plan = plan_of(topology, only=["images"], wanted_ports={"monolith": 22000, "valkey": 22002})
    environ = commands(plan)["images.worker"].environ
    assert environ["MONOLITH_URL"] == "http://127.0.0.1:22000"
    assert environ["BROKER_URL"] == "redis://127.0.0.1:22002/0"
    assert set(plan.ports) == {"images"}


def test_a_real_broker_in_the_environment_is_used_and_none_is_started(topology):
    plan = plan_of(topology, environ={"BROKER_URL": "amqp://rabbit/"})
    assert "valkey.server" not in commands(plan)
    assert commands(plan)["monolith.web"].environ["BROKER_URL"] == "amqp://rabbit/"


def test_a_service_gets_its_own_settings_although_manage_py_exported_the_monoliths(topology):
    plan = plan_of(topology, environ={"DJANGO_SETTINGS_MODULE": "shop.production"})
    assert commands(plan)["images.worker"].environ["DJANGO_SETTINGS_MODULE"] == "images.settings"
    assert commands(plan)["monolith.web"].environ["DJANGO_SETTINGS_MODULE"] == "shop.production"


def test_programs_of_this_virtual_environment_are_found_first(topology):
    path = commands(plan_of(topology, environ={"PATH": "/usr/bin"}))["monolith.web"].environ["PATH"]
    assert path == os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin"])


def test_a_port_that_was_taken_is_told(topology, monkeypatch):
    monkeypatch.setattr("strangler.cli.up.ports.socket.socket.bind", refuse_8000)
    plan = plan_of(topology, only=["monolith"])
    assert plan.moved == {"monolith": 8000}
    assert plan.ports["monolith"] != 8000


def refuse_8000(_socket, address):
    if address[1] == 8000:
        raise OSError("Address already in use")


@pytest.mark.parametrize(
    "line", ["cd /tmp", "A=1 sleep 1", "sleep 1; sleep 2", "sleep 1 & sleep 2", "no-such-program"]
)
def test_what_needs_a_shell_keeps_its_shell(line):
    assert without_shell(line, path="/usr/bin:/bin") == line


def test_a_single_program_takes_the_place_of_the_shell():
    assert without_shell("sleep $SECONDS", path="/usr/bin:/bin") == "exec sleep $SECONDS"
