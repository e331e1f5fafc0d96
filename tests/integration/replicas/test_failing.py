"""One of two servers is killed under load: reads go on at the other one, and nobody sees less than they wrote."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import requests

from tests.integration.replicas.running import Site, Visitors, wait_until
from tests.servers.fixtures import require_server
from tests.servers.haproxy import HAProxy
from tests.servers.processes import free_port

pytestmark = pytest.mark.xdist_group("replication")  # one cluster for all

READ_CLUSTER = """
global
    maxconn 500

defaults
    mode tcp
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    retries 2
    option redispatch 1

listen reads
    bind 127.0.0.1:{port}
    balance roundrobin
    option mysql-check user haproxy
    default-server check inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
    server db01 127.0.0.1:{db01}
    server db02 127.0.0.1:{db02}
"""
DB01, DB02 = 1, 2


@pytest.fixture
def proxy(cluster):
    """Return the port of an HAProxy before both servers."""
    require_server("haproxy")
    cluster.db02.execute("CREATE USER IF NOT EXISTS haproxy@'127.0.0.1'")
    port = free_port()
    text = READ_CLUSTER.format(port=port, db01=cluster.db01.port, db02=cluster.db02.port)
    with HAProxy({"haproxy.cfg": text}, port=port) as running:
        yield running


def replica_urls(way, cluster, url, request):
    """Return where reads go: one address with HAProxy behind it, or each server's own."""
    ports = (
        [cluster.db01.port, cluster.db02.port] if way == "direct" else [request.getfixturevalue("proxy").port]
    )
    return [url.replace(f":{cluster.db01.port}/", f":{port}/") for port in ports]


@pytest.mark.parametrize(("kind", "way"), [("wsgi", "haproxy"), ("asgi", "direct")])
def test_reads_go_on_when_a_server_dies_and_nobody_sees_less_than_they_wrote(kind, way, cluster, request):
    replica, primary = cluster.create_database()
    urls = replica_urls(way, cluster, replica, request)
    with ExitStack() as stack:
        site = stack.enter_context(Site(kind, primary_url=primary, replica_urls=urls))
        visitors = stack.enter_context(Visitors(site, count=3))
        visitors.wait_for(pages=10, of=DB01)

        cluster.db01.hold_back()
        stale = shown_to_a_stranger(site)
        visitors.wait_for(pages=30, of=DB02)
        wait_until(lambda: shown_to_a_stranger(site) == stale, site)  # db01 is asked, and has not moved
        assert visitors.written["visitor-0"] > stale["number"]

        cluster.db01.catch_up(cluster.db02)
        visitors.wait_for(pages=10, of=DB01)
        cluster.db01.kill()
        visitors.wait_for(pages=60, of=DB02)
    assert visitors.complaints == []
    assert numbers_in(cluster.db02, primary) == visitors.written


def shown_to_a_stranger(site):
    """Return what somebody without a cookie is shown by db01 of the first visitor's number."""
    found = []

    def is_by_db01():
        found.append(requests.get(f"{site.url}/note/visitor-0/", timeout=30).json())
        return found[-1]["server"] == DB01

    wait_until(is_by_db01, site)
    return found[-1]


def numbers_in(server, url):
    """Return what every visitor wrote last, as the server has it."""
    table = f"{url.rpartition('/')[2]}.site_note"
    (found,) = server.execute(f"SELECT GROUP_CONCAT(visitor, ' ', number) FROM {table}")
    return {name: int(number) for name, number in (pair.split() for pair in found.split(","))}
