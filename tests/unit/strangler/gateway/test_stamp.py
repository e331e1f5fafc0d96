"""The version of a rendering."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from strangler.core.topology import Topology
from strangler.gateway.site import Place, Site, has_port
from strangler.gateway.stamp import Stamp
from strangler.gateway.text import fill
from tests.architecture.source import ROOT

TOPOLOGY = ROOT / "strangler.toml"


def test_a_stamp_says_what_it_was_made_from():
    stamp = Stamp(topology="0123456789ab", revision=17)
    assert str(stamp) == "topology 0123456789ab, rollouts 17"
    assert Stamp.find(f"# Version: {stamp}\nserver {{}}") == stamp
    assert Stamp.find("<html>a page of somebody else's</html>") is None


def test_the_same_topology_has_the_same_stamp_and_comments_do_not_count(tmp_path):
    again = tmp_path / "strangler.toml"
    again.write_text("# Another beginning.\n" + TOPOLOGY.read_text())
    assert Stamp.of(Topology.load(TOPOLOGY), revision=1) == Stamp.of(Topology.load(again), revision=1)


def test_every_change_of_a_value_changes_the_stamp():
    topology = Topology.load(TOPOLOGY)
    images = topology.services["images"]
    routes = (replace(images.routes[0], timeout=timedelta(seconds=31)), *images.routes[1:])
    other = replace(topology, services={**topology.services, "images": replace(images, routes=routes)})
    assert Stamp.of(topology, revision=1) != Stamp.of(other, revision=1)
    gateway = replace(topology.gateway, server_names=("another.example",))
    assert Stamp.of(topology, revision=1) != Stamp.of(replace(topology, gateway=gateway), revision=1)


def test_members_are_found_under_their_names_in_containers_and_at_ports_on_a_machine():
    site = Site(Topology.load(TOPOLOGY))
    assert site.servers("email") == ("email:8000",)
    machine = replace(site, place=Place.MACHINE)
    ports = range(8000, 8000 + len(machine.members))
    assert [machine.servers(name) for name in machine.members] == [(f"127.0.0.1:{port}",) for port in ports]


def test_an_address_without_a_port_gets_the_usual_one():
    assert [has_port(text) for text in ("db01", "db01:1", "[::1]", "[::1]:1")] == [False, True, False, True]
    topology = Topology.load(TOPOLOGY)
    gateway = replace(topology.gateway, servers={"images": ("10.0.0.5", "10.0.0.6:9000")})
    site = Site(replace(topology, gateway=gateway))
    assert site.servers("images") == ("10.0.0.5:8000", "10.0.0.6:9000")


def test_a_template_leaves_no_traces_of_its_tags_and_changes_nothing():
    class Split:
        share, seam, name, where = "12.25%", "a.<b>", "a_b", "canary & more"

    assert fill("nginx_split.conf", view=Split()) == (
        '# a.<b>: canary & more\nsplit_clients "${strangler_key}a.<b>" $side_of_a_b {\n'
        "    12.25% service;\n    * legacy;\n}\n"
    )
