"""Bringing a rendering into a running nginx, and out again; with requests coming all the time."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Self

import pytest
import requests
from django.core.management import CommandError, call_command

from strangler import tokens
from strangler.core.stages import RolloutStage
from strangler.errors import GatewayError
from strangler.gateway import apply, check, render
from strangler.gateway.installations import Installation, find
from strangler.gateway.probing import running_stamp
from strangler.gateway.site import Place
from strangler.gateway.stamp import Stamp
from strangler.rollout import change
from strangler.rollout.models import ProcessReport
from strangler.rollout.snapshot import Snapshot, load
from tests.integration.facade.upstream import Upstream
from tests.integration.gateway.rendering import make_site, request, send
from tests.servers.fixtures import require_server
from tests.servers.processes import Nginx, free_port

TOPOLOGY = """
[services.images]
settings = "unused"
[[services.images.routes]]
name = "images.page"
path = "/page/*"
"""
SOON = timedelta(seconds=10)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    require_server("nginx")
    folder = tmp_path_factory.mktemp("conf.d")
    monolith, service = Upstream(), Upstream()
    port = free_port()
    site = make_site(
        TOPOLOGY,
        tmp_path_factory.mktemp("site"),
        stages={},
        port=port,
        status_port=free_port(),
        servers={"monolith": monolith.port, "images": service.port},
    )
    first = f"server {{ listen 127.0.0.1:@PORT@; return 204; }} include {folder}/*.conf;"
    with Nginx(first) as nginx:
        reload = f"{nginx.program('nginx')} -p {nginx.folder} -c {nginx.folder / 'nginx.conf'} -s reload"
        yield site, find("nginx", site, folder=str(folder), reload=reload), service
    monolith.close()
    service.close()


@pytest.fixture
def site(running):
    return running[0]


@pytest.fixture
def nginx(running) -> Installation:
    """An nginx that runs with the site at revision 1."""
    file = running[1].folder / "strangler.conf"
    is_there = file.exists() and file.read_text() == next(iter(render(running[0], ["nginx"]).values()))
    if not is_there or running_stamp(running[1].status_url) != running[0].stamp:
        apply(running[0], running[1], timeout=SOON)
    return running[1]


def visit(port: int) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{port}/page/echo", headers={"Host": "localhost"}, timeout=10)


def at(site, revision: int, stage: RolloutStage = RolloutStage.LEGACY, percent: int = 0):
    rollouts = {"images.page": replace(site.rollout("images.page"), stage=stage, percent=Decimal(percent))}
    return replace(site, snapshot=Snapshot(revision=revision, rollouts=rollouts))


def test_a_server_runs_with_what_was_applied_and_says_so(site, nginx):
    applied = apply(at(site, 2, RolloutStage.LIVE), nginx, timeout=SOON)
    assert (applied.before, applied.now) == (site.stamp, at(site, 2).stamp)
    assert running_stamp(nginx.status_url) == at(site, 2).stamp
    assert visit(site.gateway.port).json()["side"] == "service"
    assert Stamp.find((nginx.folder / "strangler.conf").read_text()) == at(site, 2).stamp


def test_the_secret_lies_beside_for_root_alone(site, nginx):
    path = nginx.folder.parent / "strangler.d" / "secret.conf"
    assert f'proxy_set_header Strangler-Gateway "{tokens.gateway_secret()}";' in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert tokens.is_gateway(tokens.gateway_secret())
    assert not tokens.is_gateway("")


def test_what_the_servers_own_test_refuses_never_gets_into_place(site, nginx):
    before = (nginx.folder / "strangler.conf").read_text()
    gateway = replace(site.gateway, certificate="/no/such/chain.pem", certificate_key="/no/such/key.pem")
    broken = replace(site, topology=replace(site.topology, gateway=gateway))
    with pytest.raises(GatewayError, match=r"nginx -t .*failed(.|\n)*/no/such/chain\.pem"):
        apply(broken, nginx)
    assert (nginx.folder / "strangler.conf").read_text() == before
    assert running_stamp(nginx.status_url) == site.stamp


@pytest.mark.parametrize("reload", ["true", "false", "no-such-program"])
def test_if_the_server_does_not_follow_the_old_files_come_back(site, nginx, reload):
    before = (nginx.folder / "strangler.conf").read_text()
    deaf = replace(nginx, reload=(reload,))
    with pytest.raises(GatewayError, match="in place again"):
        apply(at(site, 3), deaf, timeout=timedelta(seconds=0.3))
    assert (nginx.folder / "strangler.conf").read_text() == before
    assert [path.name for path in nginx.folder.glob("*.conf")] == ["strangler.conf"]
    assert running_stamp(nginx.status_url) == site.stamp


def test_the_first_rendering_is_taken_away_if_the_server_does_not_follow(site, nginx, tmp_path):
    with pytest.raises(GatewayError):
        apply(at(site, 3), replace(nginx, folder=tmp_path), timeout=timedelta(seconds=0.1))
    assert list(tmp_path.glob("*.conf")) == []


def test_a_folder_that_is_not_there_is_named(site, nginx, tmp_path):
    with pytest.raises(GatewayError, match=r"There is no folder .*--folder"):
        apply(site, replace(nginx, folder=tmp_path / "none"))


class Visitors:
    """Four visitors who ask 125 times a second each, whatever happens."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.statuses: list[int] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit_often) for _ in range(4)]

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for each in self._threads:
            each.join()

    def _visit_often(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            self.statuses.append(send(self.port, request("GET", "/page/echo"), wait_seconds=10).status)
            due += 1 / 125
            time.sleep(max(0, due - time.monotonic()))


@pytest.mark.django_db
def test_no_request_fails_while_a_rollout_takes_the_gateway_along(site, nginx, settings, capsys):
    settings.STRANGLER = {"TOPOLOGY": site.topology, "SIGNING_KEYS": ["k" * 40]}
    options = ["--folder", str(nginx.folder), "--reload", " ".join(nginx.reload), "--wait-seconds", "10"]
    steps = [("canary", "5"), ("canary", "50"), ("live",), ("legacy",)]
    with Visitors(site.gateway.port) as visitors:
        for step in steps:
            forced = ["--force", "--reason", "test", "--apply-gateway", *options]
            call_command("strangler", "rollout", "images.page", *step, *forced)
            assert running_stamp(nginx.status_url) == Stamp.of(site.topology, revision=load().revision)
    assert set(visitors.statuses) == {200}
    assert len(visitors.statuses) > 100
    assert capsys.readouterr().out.count("nginx runs with topology") == len(steps)


@pytest.mark.django_db
def test_a_plan_does_not_take_the_gateway_along(site, settings):
    settings.STRANGLER = {"TOPOLOGY": site.topology, "SIGNING_KEYS": ["k" * 40]}
    with pytest.raises(CommandError, match="follows one change"):
        call_command("strangler", "rollout", "images.page", "auto", "--to", "live", "--apply-gateway")


@pytest.mark.django_db
def test_check_finds_who_does_not_follow_and_since_when(site, nginx):
    change("images.guide", stage=RolloutStage.LIVE, actor="test")
    event = change("images.upload", stage=RolloutStage.CANARY, percent=Decimal(5), actor="test")
    ProcessReport.objects.create(process="web:1", revision=event.revision, seen_at=event.changed_at)
    ProcessReport.objects.create(process="web:2", revision=event.revision - 1, seen_at=event.changed_at)
    current = replace(site, snapshot=load())
    late = {finding.name: finding for finding in check(current, [nginx])}
    file, server = str(nginx.folder / "strangler.conf"), f"nginx at {nginx.status_url}"
    assert {name for name, finding in late.items() if not finding.is_current} == {file, server, "web:2"}
    assert late["web:1"].is_current
    assert late["web:2"].behind is not None
    apply(current, nginx, timeout=SOON)
    ProcessReport.objects.filter(process="web:2").update(revision=event.revision)
    assert all(finding.is_current for finding in check(current, [nginx]))


@pytest.mark.django_db
def test_check_sees_what_was_changed_by_hand_and_what_is_gone(site, nginx):
    file = nginx.folder / "strangler.conf"
    file.write_text(file.read_text() + "# a quick fix\n")
    assert next(found.found for found in check(site, [nginx])) == f"{site.stamp}, changed by hand"
    file.unlink()
    assert next(found.found for found in check(site, [nginx])) == "missing"
    assert find("nginx", site).folder.as_posix() == "/etc/nginx/conf.d"


@pytest.mark.django_db
def test_check_sees_what_was_rendered_for_another_place(site, nginx):
    usual = replace(site, topology=replace(site.topology, gateway=replace(site.gateway, servers={})))
    on_machine = replace(usual, place=Place.MACHINE)
    (nginx.folder / "strangler.conf").write_text(next(iter(render(on_machine, ["nginx"]).values())))
    assert next(found.is_current for found in check(on_machine, [nginx]))
    found = next(found.found for found in check(usual, [nginx]))
    assert found == f"{usual.stamp}, rendered with or without --machine, unlike here"


@pytest.mark.django_db
def test_check_says_when_nobody_answers(site, nginx):
    silent = replace(nginx, status_url=f"http://127.0.0.1:{free_port()}/version")
    (server,) = (found for found in check(site, [silent]) if found.what == "server")
    assert (server.found, server.is_current) == ("does not answer", False)


def test_only_servers_can_be_applied(site):
    with pytest.raises(GatewayError, match="nothing that could be applied"):
        find("ngnix", site)
