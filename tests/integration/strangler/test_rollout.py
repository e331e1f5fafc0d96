"""Rollouts in the database: changes, audit, snapshot, tallies, and what operators see of them."""

import json
import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections
from django.utils import timezone

from strangler.core.decision import Side
from strangler.core.stages import RolloutStage
from strangler.errors import TransitionError, UnknownSeamError
from strangler.facade import override
from strangler.move.databases import connection_to
from strangler.observing import Loss
from strangler.rollout import Outcome, change, current, snapshot, tallies, tally
from strangler.rollout.models import ProcessReport, Revision, RolloutEvent, RolloutRecord, SeamTally
from strangler.rollout.propagation import wait_until_settled
from strangler.rollout.report import make_report
from strangler.shadow import losses

pytestmark = pytest.mark.django_db
SEAM = "images.upload"
WINDOW = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def topology(settings, tmp_path):
    path = tmp_path / "strangler.toml"
    path.write_text(
        '[services.images]\nsettings = "x"\n'
        f'[[services.images.routes]]\nname = "{SEAM}"\npath = "/photos/upload/"\nmethods = ["POST"]\n'
        '[[services.images.routes]]\nname = "images.api"\npath = "/images/*"\nlegacy = false\n'
    )
    settings.STRANGLER = {"TOPOLOGY": path, "SNAPSHOT_INTERVAL": timedelta(0)}
    tallies._take()
    yield
    snapshot.stop()


def run(*args: str, capsys) -> str:
    call_command("strangler", *args)
    return capsys.readouterr().out


def go(stage, percent=None, reason=""):
    return change(SEAM, stage=stage, percent=percent, actor="ann", reason=reason)


def test_a_seam_that_nobody_moved_is_legacy():
    assert current().get(SEAM).stage is RolloutStage.LEGACY
    assert current().revision == 0


def test_a_change_is_seen_at_once_and_written_down():
    go(RolloutStage.CANARY, Decimal(25), reason="first try")
    event = go(RolloutStage.LIVE)
    assert current().get(SEAM).stage is RolloutStage.LIVE
    assert (event.from_stage, event.from_percent, event.to_stage, event.actor) == (
        "canary",
        25,
        "live",
        "ann",
    )
    assert list(RolloutEvent.objects.values_list("revision", "reason")) == [(2, ""), (1, "first try")]


def test_a_refused_change_changes_nothing():
    go(RolloutStage.LIVE)
    with pytest.raises(TransitionError):
        go(RolloutStage.CANARY)
    assert current().get(SEAM).stage is RolloutStage.LIVE
    assert (Revision.objects.get().number, RolloutEvent.objects.count()) == (1, 1)


def test_an_unknown_seam_names_the_nearest_and_leaves_no_row():
    with pytest.raises(UnknownSeamError, match=r"Did you mean 'images\.upload'"):
        change("images.uplod", stage=RolloutStage.LIVE, actor="ann")
    assert not RolloutRecord.objects.exists()


def test_a_seam_without_legacy_has_nothing_to_roll_out():
    with pytest.raises(TransitionError, match="no legacy side"):
        change("images.api", stage=RolloutStage.LIVE, actor="ann")


def test_tallies_add_up_over_processes_and_minutes():
    for _ in range(3):
        tally(SEAM, side=Side.SERVICE, outcome=Outcome.DONE)
    tallies.flush()
    tally(SEAM, side=Side.SERVICE, outcome=Outcome.DONE)
    tally(SEAM, side=Side.SERVICE, outcome=Outcome.FALLBACK)
    tallies.flush()
    tallies.flush()
    counted = tallies.totals(since=timezone.now() - WINDOW)
    assert counted == {SEAM: {("service", "done"): 4, ("service", "fallback"): 1}}


def test_old_tallies_are_forgotten():
    old = timezone.now() - tallies.KEEP - timedelta(minutes=1)
    SeamTally.objects.create(seam=SEAM, minute=old, side="legacy", outcome="done", count=9)
    SeamTally.objects.create(seam=SEAM, minute=timezone.now(), side="legacy", outcome="done", count=1)
    tallies.prune()
    assert SeamTally.objects.get().count == 1


def test_a_running_process_forgets_old_tallies_now_and_then(monkeypatch):
    old = timezone.now() - tallies.KEEP - timedelta(minutes=1)
    SeamTally.objects.create(seam=SEAM, minute=old, side="legacy", outcome="done", count=9)
    refresher = snapshot.Refresher()
    monkeypatch.setattr(snapshot.random, "random", lambda: 0.5)
    refresher._report()
    assert SeamTally.objects.exists()
    refresher._reported_at = None
    monkeypatch.setattr(snapshot.random, "random", lambda: 0.001)
    refresher._report()
    assert not SeamTally.objects.exists()
    assert list(ProcessReport.objects.values_list("process", flat=True)) == [refresher.process]


def test_counts_that_could_not_be_written_are_kept(monkeypatch):
    tally(SEAM, side=Side.LEGACY, outcome=Outcome.DONE)
    with monkeypatch.context() as patch:
        patch.setattr(tallies, "_add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tallies.flush()
    tallies.flush()
    assert SeamTally.objects.get().count == 1


def test_a_database_that_is_away_is_asked_once_and_the_counts_are_kept(monkeypatch, settings):
    away = connection_to("sqlite:////no/such/folder/shop.sqlite3", alias="away")
    asked = []

    def ask():
        asked.append(1)
        with away.wrap_database_errors:
            away.connect()

    monkeypatch.setattr(away, "ensure_connection", ask)  # Django's tests connect to databases of the settings
    monkeypatch.setitem(connections.settings, "away", away.settings_dict)
    connections["away"] = away
    tally(SEAM, side=Side.LEGACY, outcome=Outcome.DONE)
    known, settings.STRANGLER = settings.STRANGLER, {**settings.STRANGLER, "DATABASE": "away"}
    with pytest.raises(OperationalError, match="unable to open"):
        tallies.flush()
    settings.STRANGLER = known
    del connections["away"]
    assert len(asked) == 1
    tallies.flush()
    assert SeamTally.objects.get().count == 1


def test_a_report_names_processes_that_are_behind():
    go(RolloutStage.LIVE)
    now = timezone.now()
    ProcessReport.objects.create(process="web:1", revision=1, seen_at=now)
    ProcessReport.objects.create(process="web:2", revision=0, seen_at=now)
    ProcessReport.objects.create(process="gone:3", revision=0, seen_at=now - timedelta(minutes=5))
    report = make_report(window=WINDOW)
    assert report.processes == {"web:1": 1, "web:2": 0}
    assert not report.is_settled
    state = wait_until_settled(1, timeout=timedelta(milliseconds=100))
    assert state.behind == ("web:2",)
    assert "1 of 2 processes follow" in str(state)


def test_status_as_json_has_every_seam(capsys):
    go(RolloutStage.CANARY, Decimal("12.5"))
    tally(SEAM, side=Side.SERVICE, outcome=Outcome.FALLBACK)
    tallies.flush()
    document = json.loads(run("status", "--format", "json", capsys=capsys))
    assert document["revision"] == 1
    seam = document["seams"][SEAM]
    known = {
        name: seam[name]
        for name in ("kind", "stage", "percent", "legacy", "service", "fallbacks", "failures")
    }
    assert known == {
        "kind": "route",
        "stage": "canary",
        "percent": 12.5,
        "legacy": 0,
        "service": 0,
        "fallbacks": 1,
        "failures": 0,
    }
    assert (seam["compared"], seam["match_rate"], seam["missing_comparisons"], seam["plan"]) == (
        0,
        None,
        381,
        None,
    )
    assert seam["p99_ms"] == {"legacy": None, "service": None}
    assert seam["verdict"]["outcome"] == "hold"
    assert "verdict" not in document["seams"]["images.api"]
    assert document["seams"]["images.api"]["stage"] == "service-only"


def test_status_as_text_is_a_table(capsys):
    go(RolloutStage.CANARY, Decimal(25))
    text = run("status", capsys=capsys)
    assert "images.upload" in text
    assert "canary 25" in text
    assert "service only" in text


def test_status_says_which_captures_were_lost_and_why(capsys):
    assert "Captures lost" not in run("status", capsys=capsys)
    lost = losses.Losses()
    lost.add(SEAM, Loss.FULL, count=1200)
    lost.add(SEAM, Loss.NO_WORKER)
    lost.flush()
    text = run("status", capsys=capsys)
    assert f"Captures lost in the last 10 minutes\n{SEAM}: full 1,200, no-worker 1\n" in text
    seams = json.loads(run("status", "--format", "json", capsys=capsys))["seams"]
    assert seams[SEAM]["lost_captures"] == {"full": 1200, "no-worker": 1}
    assert seams["images.api"]["lost_captures"] == {}


def test_the_rollout_command_moves_a_seam_and_says_what_it_means(capsys):
    text = run(
        "rollout",
        SEAM,
        "canary",
        "25",
        "--force",
        "--reason",
        "try",
        "--actor",
        "ann",
        "--keys",
        "100000",
        capsys=capsys,
    )
    assert "legacy → canary 25" in text
    assert "Of 100,000 sample keys 2" in text
    assert "0 go back to legacy" in text
    assert RolloutRecord.objects.get().percent == 25
    text = run("rollout", SEAM, "canary", "50", "--force", "--reason", "try", capsys=capsys)
    assert "0 go back to legacy" in text


def test_a_dry_run_changes_nothing(capsys):
    assert "Nothing was changed" in run("rollout", SEAM, "live", "--dry-run", capsys=capsys)
    assert not RolloutEvent.objects.exists()


def test_the_rollout_command_shows_the_history(capsys):
    go(RolloutStage.CANARY, Decimal(25), reason="because")
    text = run("rollout", SEAM, capsys=capsys)
    assert "is at canary 25" in text
    assert "because" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["rollout", "images.uplod", "live"], "Did you mean 'images.upload'"),
        (["rollout", SEAM, "liev"], "Did you mean 'live'"),
        (["rollout", SEAM, "canary"], "needs a percentage"),
        (["rollout", SEAM, "canary", "200"], "out of range"),
        (["rollout", SEAM, "live", "20"], "takes no percentage"),
        (["rollout", "images.api", "live"], "no legacy side"),
    ],
)
def test_wrong_words_are_one_line_with_the_next_action(args, message):
    with pytest.raises(CommandError) as caught:
        call_command("strangler", *args)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.django_db(transaction=True)
def test_the_refresher_follows_changes_reports_itself_and_writes_tallies(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SNAPSHOT_INTERVAL": timedelta(milliseconds=20)}
    assert current().get(SEAM).stage is RolloutStage.LEGACY
    tally(SEAM, side=Side.LEGACY, outcome=Outcome.DONE)
    event = go(RolloutStage.LIVE)
    assert wait_until_settled(event.revision, timeout=timedelta(seconds=10)).is_settled
    assert current().get(SEAM).stage is RolloutStage.LIVE
    assert current() is current()
    assert ProcessReport.objects.get().revision == event.revision
    snapshot.stop()
    assert SeamTally.objects.get().count == 1


@pytest.mark.django_db(transaction=True)
def test_a_process_that_ends_is_not_waited_for(settings):
    settings.STRANGLER = {**settings.STRANGLER, "SNAPSHOT_INTERVAL": timedelta(milliseconds=20)}
    current()
    snapshot.stop()
    event = go(RolloutStage.LIVE)
    assert wait_until_settled(event.revision, timeout=timedelta(0)).processes == 0


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_moment_get_revisions_of_their_own():
    def change_often():
        for _ in range(5):
            go(RolloutStage.LIVE)
        connections.close_all()

    threads = [threading.Thread(target=change_often) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    for thread in threads:
        thread.join(deadline - time.monotonic())
    revisions = sorted(RolloutEvent.objects.values_list("revision", flat=True))
    assert revisions == list(range(1, 16))
    assert Revision.objects.get().number == 15


def test_a_database_without_the_tables_is_one_line_with_the_next_action(monkeypatch):
    def fail(**_):
        raise OperationalError("no such table: strangler_rollout_revision")

    monkeypatch.setattr("strangler.cli.status.make_report", fail)
    with pytest.raises(CommandError, match=r"is it migrated \(migrate\)\?"):
        call_command("strangler", "status")


def test_an_override_token_asks_for_its_side_and_can_be_read(capsys, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SIGNING_KEYS": ["k" * 40]}
    document = json.loads(
        run("override", SEAM, "service", "--minutes", "5", "--format", "json", capsys=capsys)
    )
    wish = override.read(document["token"])
    assert wish.side is Side.SERVICE
    assert wish.covers(SEAM, now=timezone.now())
    assert not wish.covers(SEAM, now=timezone.now() + timedelta(minutes=6))
    assert "Strangler-Override: " in run("override", "*", "legacy", "--staff-only", capsys=capsys)


@pytest.mark.parametrize(
    "args", [["images.uplod", "service"], [SEAM, "service", "--minutes", "0"], [SEAM, "elsewhere"]]
)
def test_an_override_that_can_not_count_is_refused(args):
    with pytest.raises(CommandError):
        call_command("strangler", "override", *args)
