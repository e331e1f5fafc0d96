"""The verbs that an operator types: relay, outbox, inbox; in a monolith and in a service."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from strangler.cli import VERBS
from strangler.outbox import send
from strangler.outbox.models import OutboxMessage, ParkedMessage
from strangler.service.inbox import Delivery, process
from strangler.service.models import InboxMessage


@pytest.fixture
def run(sqlite, capsys):
    """Return a function that runs a verb on the test's database and returns what it prints."""

    def run(*arguments: str) -> str:
        call_command("strangler", *arguments, "--database", sqlite)
        return capsys.readouterr().out

    return run


def write(database, *types, to="email"):
    with transaction.atomic(using=database):
        return [send(each, {"n": 1}, to=to, using=database) for each in types]


def test_an_empty_outbox_without_a_relay_says_both(run):
    out = run("outbox", "status")
    assert "is empty" in out
    assert "No relay is running: nothing is published. Start one: manage.py strangler relay" in out


def test_status_counts_per_queue(run, sqlite):
    write(sqlite, "a.b", "a.b")
    write(sqlite, "c.d", to="images")
    report = json.loads(run("outbox", "status", "--format", "json"))
    assert {name: queue["waiting"] for name, queue in report["queues"].items()} == {"email": 2, "images": 1}
    assert report["lag_seconds"] >= 0
    assert "images" in run("outbox", "status")


def test_relay_once_publishes_and_says_how_many(run, sqlite, redis_url, settings):
    settings.STRANGLER = {"BROKER_URL": redis_url}
    write(sqlite, "a.b", "a.b")
    assert "2 published, 0 parked." in run("relay", "--once")


def test_a_dead_broker_is_one_line_and_an_error(run, sqlite, settings):
    settings.STRANGLER = {"BROKER_URL": "redis://127.0.0.1:1/0"}
    write(sqlite, "a.b")
    with pytest.raises(CommandError, match="Messages wait in the outbox until it is back"):
        run("relay", "--once")


def test_waiting_messages_are_parked_by_hand_and_sent_again(run, sqlite):
    first, second = write(sqlite, "a.b", "c.d")
    assert "1 messages would be parked" in run("outbox", "park", "--type", "a.b", "--dry-run")
    assert OutboxMessage.objects.using(sqlite).count() == 2
    assert "1 messages parked" in run("outbox", "park", "--id", str(first), "--reason", "wrong prices")
    assert ParkedMessage.objects.using(sqlite).get().reason == "wrong prices"
    assert OutboxMessage.objects.using(sqlite).get().message_id == second
    assert "wrong prices" in run("outbox", "status")
    assert json.loads(run("outbox", "replay", "--queue", "email", "--format", "json")) == {
        "messages": 1,
        "done": True,
    }
    assert OutboxMessage.objects.using(sqlite).count() == 2


def test_what_was_never_kept_can_not_be_replayed(run):
    assert "0 messages sent again" in run("outbox", "replay", "--since", "2h")


@pytest.mark.parametrize("arguments", [("replay", "--since", "yesterday"), ("park", "--id", "17"), ("mend",)])
def test_wrong_usage_is_refused(run, arguments):
    with pytest.raises(CommandError):
        run("outbox", *arguments)


def test_the_inbox_shows_what_is_parked_and_replays_it(run, sqlite):
    message = Delivery(id=uuid4(), type="email.deliver", body={"n": 1}, version=7, queue="email")
    process(message, print, using=sqlite)
    assert "its version 7 is newer" in " ".join(run("inbox", "status").split())
    (row,) = json.loads(run("inbox", "status", "--format", "json"))
    assert (row["type"], row["state"], row["count"]) == ("email.deliver", "parked", 1)
    assert "1 messages would be replayed" in run("inbox", "replay", "--dry-run")
    assert "1 messages replayed" in run("inbox", "replay", "--id", str(message.id))
    assert InboxMessage.objects.using(sqlite).get().state == "received"
    assert OutboxMessage.objects.using(sqlite).get().message_id == message.id


def test_a_replay_that_is_refused_says_why_and_fails(run, sqlite):
    process(Delivery(id=uuid4(), type="a.b", body=[1], queue="email"), print, using=sqlite)
    with pytest.raises(SystemExit, match="1"):
        run("inbox", "replay")


def test_a_project_has_the_verbs_of_the_apps_that_it_installs(settings):
    assert {"status", "rollout", "relay", "outbox", "inbox"} <= set(VERBS)
    settings.INSTALLED_APPS = ["strangler", "strangler.outbox", "strangler.service"]
    assert {"relay", "outbox", "inbox"} <= set(VERBS)
    assert not {"status", "rollout"} & set(VERBS)
    with pytest.raises(KeyError):
        VERBS["rollout"]
