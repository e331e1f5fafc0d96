"""Plans, histograms and force in real databases, and what operators see of them."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone

from strangler.cli import rollout_auto
from strangler.conf import config, database_from_url
from strangler.core.decision import Side
from strangler.core.evidence import Parity
from strangler.core.ladder import LIVE, Step
from strangler.core.plan import PlanStatus
from strangler.core.stages import RolloutStage
from strangler.errors import EvidenceError, PlanError, SupersededError, TransitionError
from strangler.rollout import Outcome, change, guard, parity, plans, tallies, tally
from strangler.rollout.changes import position
from strangler.rollout.forward import go
from strangler.rollout.health import read_health, read_minutes
from strangler.rollout.models import RolloutEvent, RolloutPlan, SeamLatency, SeamTally

SEAM = "images.upload"
SHADOW = RolloutStage.SHADOW
PROVED = Parity(compared=1000, matched=1000, shapes={"a": 1000})
WAY = ["shadow 100", "canary 1", "canary 5", "canary 25", "canary 50", "live"]
FAST, SLOW = timedelta(milliseconds=100), timedelta(seconds=1)
_numbers = count(1)


def write_topology(path, extra=""):
    path.write_text(
        '[services.images]\nsettings = "x"\n'
        f'[[services.images.routes]]\nname = "{SEAM}"\npath = "/photos/upload/"\nmethods = ["POST"]\n{extra}\n'
        "[services.images.routes.targets]\ndwell_minutes = 0\nmin_requests = 0\n"
        '[[services.images.routes]]\nname = "images.api"\npath = "/images/*"\nlegacy = false\n'
    )


@pytest.fixture(autouse=True)
def topology(settings, tmp_path):
    path = tmp_path / "strangler.toml"
    write_topology(path)
    settings.STRANGLER = {"TOPOLOGY": path, "SNAPSHOT_INTERVAL": timedelta(0)}
    tallies._take()
    guard._guards.clear()
    previous = parity.provide(lambda _seam, _since: PROVED)
    yield path
    parity.provide(previous)
    guard._guards.clear()


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def any_database(request, tmp_path, settings, django_db_blocker):
    """Let the rollouts be in a database of each kind in turn."""
    is_file = request.param == "sqlite"
    url = (
        f"sqlite:///{tmp_path / 'plans.sqlite3'}"
        if is_file
        else request.getfixturevalue(f"{request.param}_url")
    )
    alias = f"plans_{next(_numbers)}"
    entry = connections.configure_settings({"default": {}, alias: database_from_url(url)})[alias]
    connections.databases[alias] = entry
    settings.STRANGLER = {**settings.STRANGLER, "DATABASE": alias}
    with django_db_blocker.unblock():
        call_command("migrate", "strangler_rollout", database=alias, verbosity=0, interactive=False)
        yield alias
        connections[alias].close()
        del connections.databases[alias]
        del connections[alias]


def run(*args, capsys):
    call_command("strangler", *args)
    return capsys.readouterr().out


def start(to=LIVE, **options):
    return plans.start(SEAM, to=to, actor="ann", now=timezone.now(), **options)


def tick_until(is_done, *, most=20):
    """Let a guard look once per verdict, on a clock that stands still in between."""
    now = timezone.now()
    for number in range(most):
        guard.tick_all(now + number * guard.JUDGE_EVERY)
        if is_done():
            return
    pytest.fail(f"after {most} ticks: {plans.read(SEAM)}")


def is_over():
    return plans.read(SEAM).status.is_over


def moves():
    events = RolloutEvent.objects.using(config().database).order_by("revision")
    return [str(Step(stage=RolloutStage(each.to_stage), percent=each.to_percent)) for each in events]


def test_a_plan_goes_all_the_way_in_every_database_and_each_step_is_audited(any_database):
    start()
    tick_until(is_over)
    assert plans.read(SEAM).status is PlanStatus.DONE
    assert moves() == ["legacy", *WAY]
    events = RolloutEvent.objects.using(any_database)
    assert {event.actor for event in events.all()} == {"ann", "guard"}
    last = events.first()
    assert (
        last.verdict
        == "promote: 1,000 of 1,000 comparisons match, 1 shape. 0 of 0 requests failed on the service, 0 fell back."
    )
    assert not last.is_forced


def test_durations_add_up_to_a_p99_in_every_database(any_database):
    since = timezone.now() - timedelta(minutes=1)
    for took in [FAST] * 95 + [SLOW] * 5:
        tally(SEAM, side=Side.SERVICE, outcome=Outcome.DONE, took=took)
    tally(SEAM, side=Side.SERVICE, outcome=Outcome.FALLBACK)
    tally(SEAM, side=Side.LEGACY, outcome=Outcome.FAILED, took=FAST)
    tallies.flush()
    for _ in range(9):
        tally(SEAM, side=Side.LEGACY, outcome=Outcome.DONE, took=FAST)
    tallies.flush()
    health = read_health(SEAM, since=since)
    service, legacy = health[Side.SERVICE], health[Side.LEGACY]
    assert (service.requests, service.failures, service.fallbacks) == (101, 0, 1)
    assert SLOW / 1.3 < service.p99 < SLOW * 1.3
    assert (legacy.requests, legacy.failures) == (10, 1)
    assert FAST / 1.3 < legacy.p99 < FAST * 1.3
    assert sum(read_minutes(SEAM, since=since).values()) == 101 + 100 + 10 + 10


def test_two_guards_in_two_processes_take_every_step_once(any_database):
    start()
    began, entry = timezone.now(), connections.databases[any_database]
    assert entry
    start_together = threading.Barrier(2)
    troubles = []

    def watch():
        mine = guard.Guard(
            config().topology.seams[SEAM], source=guard.DatabaseSource(), store=guard.DatabaseStore()
        )
        for number in range(30):
            start_together.wait(60)
            try:
                mine.tick(began + number * guard.JUDGE_EVERY)
            except OperationalError as error:  # a deadlock or a locked file: the next tick tries again
                troubles.append(error)
        connections[any_database].close()

    threads = [threading.Thread(target=watch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert moves() == ["legacy", *WAY], troubles
    assert plans.read(SEAM).status is PlanStatus.DONE


@pytest.mark.django_db
def test_old_histograms_are_forgotten():
    old = timezone.now() - tallies.KEEP - timedelta(minutes=1)
    SeamLatency.objects.create(seam=SEAM, minute=old, side="legacy", bucket=50, count=9)
    SeamLatency.objects.create(seam=SEAM, minute=timezone.now(), side="legacy", bucket=50, count=1)
    tallies.prune()
    assert SeamLatency.objects.get().count == 1


@pytest.mark.django_db
def test_a_service_that_fails_is_taken_back_and_the_audit_says_why(topology):
    write_topology(topology)
    parity.provide(lambda _seam, _since: Parity())  # so that it holds at the canary
    change(SEAM, stage=RolloutStage.CANARY, percent=Decimal(25), actor="ann")
    now = timezone.now()
    start()
    with time_machine.travel(now, tick=False) as clock:
        guard.tick_all(timezone.now())
        assert plans.read(SEAM).status is PlanStatus.HELD
        for second in range(10):
            clock.shift(1)
            for _ in range(5):
                tally(SEAM, side=Side.SERVICE, outcome=Outcome.DONE if second < 5 else Outcome.FAILED)
            tallies.flush()
            guard.tick_all(timezone.now())
    assert position(SEAM).stage is RolloutStage.LEGACY
    event = RolloutEvent.objects.first()
    assert (event.actor, event.to_stage) == ("guard", "legacy")
    assert "requests failed on the service" in event.reason
    assert event.verdict.startswith("roll back: ")
    assert plans.read(SEAM).status is PlanStatus.ROLLED_BACK
    assert guard.tick_all(timezone.now()) == {}


@pytest.mark.django_db
def test_without_anybody_who_compares_a_plan_holds_in_shadow():
    parity.provide(parity._know_nothing)
    start()
    for number in range(5):
        guard.tick_all(timezone.now() + number * guard.JUDGE_EVERY)
    assert str(position(SEAM)) == "shadow 100"
    assert "381 more matching comparisons are needed" in plans.read(SEAM).reason


@pytest.mark.django_db
def test_comparisons_count_from_the_last_time_that_it_went_into_shadow():
    asked = []
    parity.provide(lambda seam, since: asked.append((seam, since)) or PROVED)
    change(SEAM, stage=SHADOW, percent=Decimal(10), actor="ann")
    entered = RolloutEvent.objects.first().changed_at
    change(SEAM, stage=SHADOW, percent=Decimal(50), actor="ann")
    go(SEAM, stage=RolloutStage.CANARY, percent=Decimal(1), actor="ann")
    assert asked == [(SEAM, entered)]
    assert plans.evidence_since(SEAM, now=timezone.now()) == entered
    change(SEAM, stage=RolloutStage.LEGACY, actor="ann")
    now = timezone.now()
    assert plans.evidence_since(SEAM, now=now) == now


@pytest.mark.django_db
def test_what_a_person_does_between_two_looks_of_the_guard_wins():
    start()
    change(SEAM, stage=RolloutStage.LIVE, actor="bob")
    guard.tick_all(timezone.now())
    assert plans.read(SEAM).status is PlanStatus.STOPPED
    assert position(SEAM).stage is RolloutStage.LIVE


@pytest.mark.django_db
def test_what_a_person_does_between_a_guard_s_look_and_its_step_wins():
    plan = start()
    change(SEAM, stage=RolloutStage.LIVE, actor="bob")
    assert not plans.save(plan, replace(plan, at=Step(stage=SHADOW, percent=Decimal(100))))
    assert plans.read(SEAM) == plan
    assert position(SEAM).stage is RolloutStage.LIVE
    with pytest.raises(SupersededError, match="is not at legacy any more but at live"):
        change(SEAM, stage=SHADOW, actor="x", expected=plan.at)


@pytest.mark.django_db
def test_forward_without_proof_is_refused_with_the_next_action():
    parity.provide(parity._know_nothing)
    with pytest.raises(EvidenceError) as caught:
        go(SEAM, stage=RolloutStage.CANARY, percent=Decimal(25), actor="ann")
    said = str(caught.value)
    assert said.startswith(
        "images.upload can't go to canary 25 yet: 381 more matching comparisons are needed"
    )
    assert "rollout images.upload auto --to canary 25" in said
    assert '--force --reason "why"' in said
    with pytest.raises(TransitionError, match="--force needs a reason"):
        go(SEAM, stage=RolloutStage.LIVE, actor="ann", is_forced=True)
    assert not RolloutEvent.objects.exists()


@pytest.mark.django_db
def test_forward_by_force_is_audited_with_what_was_missing():
    parity.provide(parity._know_nothing)
    event = go(SEAM, stage=RolloutStage.LIVE, actor="ann", reason="a test", is_forced=True)
    assert event.is_forced
    assert event.verdict.startswith("hold: 381 more matching comparisons")


@pytest.mark.django_db
def test_forward_with_proof_and_back_need_no_force():
    change(SEAM, stage=SHADOW, actor="ann")
    event = go(SEAM, stage=RolloutStage.CANARY, percent=Decimal(1), actor="ann", is_forced=True)
    assert (event.is_forced, event.verdict) == (False, "promote: 1,000 of 1,000 comparisons match, 1 shape.")
    parity.provide(parity._know_nothing)
    back = go(SEAM, stage=RolloutStage.LEGACY, actor="ann")
    assert (back.is_forced, back.verdict) == (False, "")


@pytest.mark.django_db
def test_moving_by_hand_ends_the_plan():
    start()
    go(SEAM, stage=RolloutStage.LEGACY, actor="bob")
    assert plans.read(SEAM).reason == "bob moved it to legacy."
    assert plans.read(SEAM).status is PlanStatus.STOPPED
    assert guard.tick_all(timezone.now()) == {}


@pytest.mark.django_db
def test_a_gate_is_opened_by_the_command_and_audited(topology, capsys):
    write_topology(topology, 'gates = ["live"]')
    start()
    tick_until(lambda: plans.read(SEAM).status is PlanStatus.WAITING)
    assert str(position(SEAM)) == "canary 50"
    with pytest.raises(PlanError, match="no plan"):
        plans.approve("images.other", actor="bob")
    said = run("rollout", SEAM, "approve", "--actor", "bob", "--reason", "looks good", capsys=capsys)
    assert "bob approved live" in said
    event = RolloutEvent.objects.first()
    assert (event.actor, event.reason, event.to_stage) == ("bob", "approved live: looks good", "canary")
    tick_until(is_over)
    assert position(SEAM).stage is RolloutStage.LIVE
    with pytest.raises(CommandError, match="does not wait for approval: the plan is done"):
        call_command("strangler", "rollout", SEAM, "approve")


@pytest.mark.django_db
def test_auto_follows_the_plan_in_the_foreground_and_tells_each_step(capsys, monkeypatch):
    monkeypatch.setattr(rollout_auto, "TICK", timedelta(0))
    monkeypatch.setattr(guard, "JUDGE_EVERY", timedelta(0))
    said = run("rollout", SEAM, "auto", "--to", "live", capsys=capsys)
    for step in WAY:
        assert f"{SEAM} {step}, " in said
    assert "done: It has proved itself at live." in said
    with pytest.raises(CommandError, match="is at live already"):
        call_command("strangler", "rollout", SEAM, "auto", "--to", "canary", "25")


@pytest.mark.django_db
def test_auto_ends_with_1_when_the_seam_is_taken_back(monkeypatch):
    monkeypatch.setattr(rollout_auto, "TICK", timedelta(0))
    monkeypatch.setattr(guard, "JUDGE_EVERY", timedelta(0))
    bad = Parity(compared=1000, matched=500, shapes={"a": 1000})
    change(SEAM, stage=RolloutStage.CANARY, percent=Decimal(5), actor="ann")
    parity.provide(lambda _seam, _since: bad)
    with pytest.raises(SystemExit) as caught:
        call_command("strangler", "rollout", SEAM, "auto", "--to", "live")
    assert caught.value.code == 1
    assert position(SEAM).stage is RolloutStage.LEGACY


@pytest.mark.django_db
def test_auto_can_be_detached_gone_on_with_and_stopped(capsys, monkeypatch):
    monkeypatch.setattr(rollout_auto, "follow", lambda plan, *, out: out.print(f"following {plan.seam}") or 0)
    with pytest.raises(CommandError, match="no plan to go on with"):
        call_command("strangler", "rollout", SEAM, "auto")
    assert "is written down" in run("rollout", SEAM, "auto", "--to", "live", "--detach", capsys=capsys)
    assert "following images.upload" in run("rollout", SEAM, "auto", capsys=capsys)
    before = plans.read(SEAM)
    assert "following images.upload" in run("rollout", SEAM, "auto", "--to", "live", capsys=capsys)
    assert plans.read(SEAM) == before
    assert "The plan is stopped" in run("rollout", SEAM, "auto", "--stop", capsys=capsys)
    assert "There is no plan to stop" in run("rollout", SEAM, "auto", "--stop", capsys=capsys)
    assert plans.read(SEAM).status is PlanStatus.STOPPED


@pytest.mark.django_db
def test_ctrl_c_leaves_the_plan_and_says_how_to_go_on(capsys, monkeypatch):
    def interrupt(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(rollout_auto.time, "sleep", interrupt)
    with pytest.raises(SystemExit) as caught:
        call_command("strangler", "rollout", SEAM, "auto", "--to", "live")
    assert caught.value.code == 1
    assert "The plan stays. Go on with it: rollout images.upload auto." in capsys.readouterr().out
    assert plans.read(SEAM).status is PlanStatus.RUNNING


@pytest.mark.django_db
def test_a_database_that_is_away_for_a_moment_does_not_end_the_foreground(capsys, monkeypatch):
    monkeypatch.setattr(rollout_auto, "TICK", timedelta(0))
    monkeypatch.setattr(guard, "JUDGE_EVERY", timedelta(0))
    answers = iter([OperationalError("gone away"), OperationalError("gone away")])
    tick = guard.Guard.tick

    def stumble(self, now):
        error = next(answers, None)
        if error:
            raise error
        return tick(self, now)

    monkeypatch.setattr(guard.Guard, "tick", stumble)
    said = run("rollout", SEAM, "auto", "--to", "live", capsys=capsys)
    assert said.count("the database says: gone away; it is tried again") == 1
    assert position(SEAM).stage is RolloutStage.LIVE


@pytest.mark.django_db
def test_one_seam_that_can_not_be_watched_keeps_no_other_from_it(caplog):
    start()
    row = RolloutPlan.objects.get()
    row.pk = "images.gone"
    row.save(force_insert=True)
    guard.tick_all(timezone.now())
    assert "The guard could not look after images.gone" in caplog.text
    assert position(SEAM).stage is SHADOW


@pytest.mark.django_db
def test_status_tells_the_plan_what_is_missing_and_both_p99(capsys):
    known = Parity(compared=200, matched=199, shapes={"a": 200})
    parity.provide(lambda _seam, _since: known)
    start()
    guard.tick_all(timezone.now())
    guard.tick_all(timezone.now() + guard.JUDGE_EVERY)
    for side, took in ((Side.LEGACY, SLOW), (Side.SERVICE, FAST)):
        tally(SEAM, side=side, outcome=Outcome.DONE, took=took)
    tallies.flush()
    seam = json.loads(run("status", "--format", "json", capsys=capsys))["seams"][SEAM]
    assert (seam["stage"], seam["compared"], seam["matched"], seam["match_rate"]) == (
        "shadow",
        200,
        199,
        0.995,
    )
    assert seam["missing_comparisons"] > 0
    assert (seam["plan"]["to"], seam["plan"]["at"], seam["plan"]["status"]) == ("live", "shadow 100", "held")
    assert seam["p99_ms"]["service"] < seam["p99_ms"]["legacy"]
    text = run("status", capsys=capsys)
    assert "Evidence" in text
    assert "to live: held" in text
    assert "99.50 %" in text


@pytest.mark.django_db
def test_shadow_takes_a_percentage_and_needs_no_proof(capsys):
    parity.provide(parity._know_nothing)
    said = run("rollout", SEAM, "shadow", "20", capsys=capsys)
    assert "legacy → shadow 20" in said
    assert "Legacy does all of the work; 20 % of it are compared." in said
    assert "shadow 20" in run("rollout", SEAM, capsys=capsys)
    assert SeamTally.objects.count() == 0


@pytest.mark.django_db
def test_a_dry_run_tells_the_verdict(capsys):
    parity.provide(parity._know_nothing)
    said = run("rollout", SEAM, "live", "--dry-run", capsys=capsys)
    assert "Verdict: hold: 381 more matching comparisons are needed" in said
