"""The `[gateway]` table of a topology file."""

from __future__ import annotations

import pytest

from strangler.core.gateway import Gateway
from strangler.core.topology import Topology
from strangler.errors import TopologyError

SERVICE = '[services.images]\nsettings = "images.settings"\n[services.images.processes]\nworker = "celery"\n'


def load(tmp_path, text: str) -> Gateway:
    path = tmp_path / "strangler.toml"
    path.write_text(SERVICE + text)
    return Topology.load(path).gateway


def test_everything_has_a_default(tmp_path):
    assert load(tmp_path, "") == Gateway()
    assert load(tmp_path, "").port == 80


def test_a_certificate_makes_it_https(tmp_path):
    gateway = load(tmp_path, '[gateway]\ncertificate = "/etc/c.pem"\ncertificate_key = "/etc/k.pem"\n')
    assert (gateway.port, gateway.has_tls) == (443, True)


def test_databases_and_replicas_are_read(tmp_path):
    text = '[gateway.replicas]\n"images.worker" = 20\n[gateway.database]\nprimary = "db01"\nreaders = ["[::1]:3307"]\n'
    gateway = load(tmp_path, text)
    assert gateway.replicas == {"images.worker": 20}
    assert (gateway.databases.primary, gateway.databases.readers) == ("db01", ("[::1]:3307",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server_name = []", r"no key 'server_name'.*'server_names'"),
        ('server_names = ["shop.example; }"]', "server_names can't be"),
        ('certificate = "/etc/c.pem"', "belong together"),
        ('certificate = "/etc/$x"\ncertificate_key = "/k"', "certificate can't be"),
        ('trusted_proxies = ["all"]', "trusted_proxies can't be"),
        ("port = 70000", "port must be a port"),
        ("requests_per_second = -1", "0 or more"),
        ('broker = "rabbit"', "broker can't be 'rabbit'. Did you mean 'rabbitmq'"),
        ('requirements = ["../../etc x"]', "requirements can't be"),
        (r'build = "make\nUSER root"', "build can't be"),
        ("build = 'make \\'", "build can't be"),
        ('[gateway.replicas]\n"images.worker" = 0', "must be a whole number above 0"),
        (
            '[gateway.replicas]\n"images.workers" = 2',
            r"replicas names 'images.workers'.*Did you mean 'images.worker'",
        ),
        ('[gateway.servers]\nimage = ["a:1"]', r"servers names 'image'.*Did you mean 'images'"),
        ('[gateway.servers]\nimages = ["a b:1"]', "images can't be 'a b:1'"),
        ('[gateway.database]\ncheck_user = "x\'y"', "check_user can't be"),
        ("[gateway.database]\nmemory = 1", r"no key 'memory'.*'memory_mb'"),
    ],
)
def test_what_could_end_up_as_something_else_in_a_file_is_refused(tmp_path, text, message):
    with pytest.raises(TopologyError, match=message):
        load(tmp_path, "[gateway]\n" + text + "\n")
