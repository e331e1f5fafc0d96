"""Where the relay sends a message whose tables have changed hands since it was written."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from strangler.calls import homes, redirecting, seam
from strangler.core.stages import RolloutStage
from strangler.isolation import snapshot
from strangler.isolation.ownership import Owners
from strangler.outbox.wire import Row

TOPOLOGY = """
[services.reports]
settings = "x"

[[services.reports.calls]]
name = "reports.note"
task = "reports.deliver"

[[services.reports.calls]]
name = "reports.letter"
task = "reports.deliver"

[services.reports.move]
tables = ["stock"]

[services.mails]
settings = "x"

[[services.mails.calls]]
name = "mails.welcome"
task = "mails.deliver"
"""


@pytest.fixture(autouse=True)
def world(topology, settings, monkeypatch):
    topology.write_text(TOPOLOGY)
    settings.STRANGLER = {"TOPOLOGY": topology, "SERVICE_DATABASES": {"reports": "reports"}}
    monkeypatch.setattr(homes, "_find", lambda call: "shop" if call.service == "reports" else None)
    monkeypatch.setattr(homes, "_known", {})
    monkeypatch.setattr(redirecting, "_loaded", [True])
    yield
    snapshot.pin(None)


def own(owner):
    snapshot.pin(Owners(moved={"stock": owner}, services={"stock": "reports"}))


def row(*, task="reports.deliver", queue="reports", decision="reports.note=service;stage"):
    headers = {"strangler-decision": decision, "strangler-trace": "t"} if decision else {}
    return Row(1, uuid4(), task, 1, "{}", json.dumps(headers), queue, "", 1)


def test_what_was_for_the_service_goes_home_when_its_seam_is_legacy_again(stand):
    own("monolith")
    stand(RolloutStage.LEGACY, seam="reports.note")
    (changed,) = redirecting.readdress([row(), row(queue="elsewhere"), row(task="reports.other")])
    assert changed.queue == "shop"
    assert json.loads(changed.headers) == {
        "strangler-decision": "reports.note=legacy;moved",
        "strangler-trace": "t",
        "strangler-home": "shop",
    }


def test_what_was_for_our_own_workers_goes_to_the_service_when_its_seam_is_live(stand):
    own("reports")
    stand(RolloutStage.LIVE, seam="reports.note")
    at_home = row(queue="shop", decision="reports.note=legacy;stage")
    (changed,) = redirecting.readdress([at_home, row()])
    assert (changed.queue, "service;moved" in changed.headers) == ("reports", True)


def test_or_when_nothing_else_leads_to_the_new_owner(stand, settings):
    own("reports")
    at_home = row(queue="shop", decision="reports.note=legacy;stage")
    assert redirecting.readdress([at_home]) == []
    settings.STRANGLER = {**settings.STRANGLER, "SERVICE_DATABASES": {}}
    own("reports")
    assert [changed.queue for changed in redirecting.readdress([at_home])] == ["reports"]


@pytest.mark.parametrize(
    ("stage", "owner"),
    [(RolloutStage.LIVE, "monolith"), (RolloutStage.LIVE, "reports"), (RolloutStage.LEGACY, "reports")],
)
def test_everything_else_keeps_its_address(stand, stage, owner):
    own(owner)
    stand(stage, seam="reports.note")
    assert redirecting.readdress([row()]) == []


def test_a_task_of_several_seams_is_told_by_the_decision_and_stays_without_one(stand):
    own("monolith")
    stand(RolloutStage.LIVE, seam="reports.letter")
    assert redirecting.readdress([row(decision=""), row(decision="reports.letter=service;stage")]) == []


def test_messages_of_services_without_a_move_and_those_that_nobody_can_read_stay(stand):
    mail = row(task="mails.deliver", queue="mails", decision="mails.welcome=service;stage")
    snapshot.pin(Owners())
    assert redirecting.readdress([row(), mail]) == ()
    own("monolith")
    assert redirecting.readdress([mail, row()._replace(headers="[")]) == []


def test_a_message_of_a_seam_names_its_home_where_tables_can_move(stand, monkeypatch):
    sent = []
    monkeypatch.setattr(
        "strangler.calls.seams.outbox.send", lambda *args, **keys: sent.append(keys["headers"])
    )
    monkeypatch.setattr(
        "strangler.calls.seams._transaction", lambda _alias: redirecting.within(None, facts={})
    )
    for name in ("reports.note", "mails.welcome"):
        stand(RolloutStage.LIVE, seam=name)
        seam(name)(lambda: None)()
    assert [headers.get("home") for headers in sent] == ["shop", None]
