"""What operators and CI see of calls: both sides compared, and what is in flight on any state of the broker."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from inspect import signature

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from strangler import outbox
from strangler.calls import declarations, seam
from strangler.calls.comparison import celery_app, compare
from strangler.calls.flight import read_flight, read_lengths
from strangler.conf import config
from strangler.core.topology import Topology
from strangler.errors import ServiceNotReadableError
from tests.integration.calls.running import Site

TOPOLOGY = """
[services.email]
settings = "extracted.email.settings"
url_variable = "EMAIL_SERVICE_URL"

[[services.email.calls]]
name = "email.welcome"
task = "email.deliver"
"""


@pytest.fixture
def write_topology(settings, tmp_path):
    """Return a function that puts another topology in force."""

    def write(text: str) -> Topology:
        (tmp_path / "strangler.toml").write_text(text)
        settings.STRANGLER = {**settings.STRANGLER, "TOPOLOGY": tmp_path / "strangler.toml"}
        return config().topology

    return write


@pytest.fixture
def broker(settings):
    """Return a function that says which broker there is, and how patient everybody is."""

    def choose(url: str) -> None:
        timeout = timedelta(milliseconds=300)
        settings.STRANGLER = {**settings.STRANGLER, "BROKER_URL": url, "BROKER_TIMEOUT": timeout}

    return choose


def test_the_shops_mails_fit_the_email_service(capsys):
    call_command("strangler", "calls", "--format", "json")
    found = json.loads(capsys.readouterr().out)
    assert {name: each["problems"] for name, each in found.items()} == {
        "email.welcome": [],
        "email.order": [],
        "email.invoice": [],
    }


def test_a_task_that_the_service_lacks_fails_the_check(write_topology, capsys):
    write_topology(TOPOLOGY.replace("email.deliver", "email.delivr"))
    with pytest.raises(SystemExit) as ended:
        call_command("strangler", "calls")
    assert ended.value.code == 1
    assert "email has no task 'email.delivr'" in " ".join(capsys.readouterr().out.split())


def test_a_service_that_does_not_start_is_said_with_the_command_to_try(write_topology):
    write_topology(TOPOLOGY.replace("extracted.email.settings", "extracted.nobody.settings"))
    with pytest.raises(ServiceNotReadableError, match=r"No module named 'extracted.nobody'.*signatures"):
        compare()
    with pytest.raises(CommandError, match="does not tell its tasks"):
        call_command("strangler", "calls")


def test_the_app_of_a_service_is_the_one_its_worker_is_started_with(write_topology):
    started = '[services.email.processes]\nworker = "nice -n 5 celery -A post.office worker"\n'
    assert celery_app(write_topology(TOPOLOGY).services["email"]) == "extracted.email"
    assert celery_app(write_topology(TOPOLOGY + started).services["email"]) == "post.office"


def test_tasks_of_both_sides_are_compared_by_name_and_parameters():
    with Site(broker="memory://", results="cache+memory://") as site:
        found = json.loads(site.run("strangler", "calls", "--format", "json"))
    assert found == {
        "reports.nightly": {"place": "task shop.nightly", "problems": []},
        "reports.flaky": {"place": "task shop.flaky", "problems": []},
        "reports.stock": {"place": "task shop.stock", "problems": []},
        "reports.take": {"place": "task shop.take", "problems": []},
        "reports.file": {"place": "tests.integration.calls.site.shop.tasks.file", "problems": []},
    }


@pytest.mark.django_db
def test_messages_in_the_outbox_are_counted_for_the_seam_that_sent_them(broker, valkey_url):
    broker(valkey_url)
    seams = config().topology.seams
    with transaction.atomic():
        for decision in ("email.welcome=service;stage", "email.welcome=service;canary", "email.order=x"):
            outbox.send("email.deliver", {}, to="email", headers={"decision": decision})
    assert read_flight(seams["email.welcome"]).to_service == "2 + 0"
    assert read_flight(seams["email.order"]).to_service == "1 + 0"
    assert read_flight(seams["email.welcome"]).to_legacy == "-"
    assert read_flight(seams["images.upload"]) is None


@pytest.mark.parametrize("kind", ["valkey", "rabbitmq"])
def test_a_frozen_broker_is_unknown_and_nobody_waits_for_it(request, broker, kind):
    server = request.getfixturevalue(kind)
    broker(request.getfixturevalue(f"{kind}_url"))
    assert read_lengths(["nobody-made-this"]) == {"nobody-made-this": 0}
    server.freeze()
    try:
        began = time.monotonic()
        assert read_lengths(["nobody-made-this"]) == {}
        assert time.monotonic() - began < 3
    finally:
        server.thaw()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://guest@127.0.0.1:1//"])
def test_a_dead_broker_is_unknown_at_once(broker, url):
    broker(url)
    began = time.monotonic()
    assert read_lengths(["email"]) == {}
    assert time.monotonic() - began < 1


@pytest.mark.django_db
def test_a_dead_broker_stops_neither_status_nor_rollout(broker, capsys):
    broker("redis://127.0.0.1:1/0")
    call_command("strangler", "status")
    assert "0 + unknown" in capsys.readouterr().out
    force = ("--force", "--reason", "a test")
    call_command("strangler", "rollout", "email.welcome", "live", "--wait-seconds", "0", *force)
    call_command("strangler", "rollout", "email.welcome", "legacy", "--wait-seconds", "0")
    said = capsys.readouterr().out
    assert "In flight to the service, which still does them: 0 + unknown (outbox + queue)." in said


def test_a_call_without_a_seam_in_the_code_is_a_problem(write_topology):
    write_topology(TOPOLOGY.replace("email.welcome", "email.farewell"))
    (found,) = compare(lambda service: {})
    assert found.problems == ("no @seam of the monolith has this name",)


def test_a_callable_needs_a_task_that_takes_body_and_version(write_topology):
    write_topology(TOPOLOGY.replace("email.welcome", "email.test_only"))

    @seam("email.test_only")
    def work(): ...

    try:
        (found,) = compare(lambda service: {"email.deliver": signature(lambda body: None)})
        assert found.problems == ("(body=…, version=…): got an unexpected keyword argument 'version'",)
    finally:
        declarations.forget("email.test_only")
