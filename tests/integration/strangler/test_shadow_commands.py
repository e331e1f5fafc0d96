"""What an operator sees of the comparison: causes with examples, one capture replayed, rules, a corpus."""

from __future__ import annotations

import itertools
import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from strangler.rollout.parity import read_parity
from strangler.shadow import captures, keeping
from strangler.shadow.models import KeptCapture, RuleRecord
from strangler.shadow.working import Worker
from tests.integration.strangler.sandbox_server import effects

pytestmark = pytest.mark.django_db


def run(*args, capsys):
    call_command("strangler", *args)
    return capsys.readouterr().out


@pytest.fixture
def compared(service, legacy, make, settings):
    """Ten purchases, three of which the service prices wrong, and one of whose fields is noise."""
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_NOISE_PERCENT": 100}
    number = itertools.count()
    wrong = iter([8, 8, 8])

    def answer(_asked):
        return {"total": next(wrong, 7), "token": f"t{next(number)}x"}

    service.body = answer
    legacy.body = lambda _: {"total": 7, "token": f"t{next(number)}x"}
    service.effects = legacy.effects = effects(total=7)
    made = [make(body={"total": 7, "token": "then"}, effects=effects(total=7)) for _ in range(10)]
    captures.store(made)
    Worker(is_guard=False, threads=1).drain()
    return made


def test_causes_come_most_frequent_first_and_noise_last(compared, capsys):
    text = run("compare", capsys=capsys)
    assert text.index("total") < text.index("token")
    assert "70.00 %" in text
    assert "noise, rule" in text
    assert "compare --replay" in text
    assert max(map(len, text.splitlines())) <= 130


def test_the_table_is_readable_on_a_narrow_terminal(compared, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    text = run("compare", "shop.buy", capsys=capsys)
    assert max(map(len, text.splitlines())) <= 70
    assert "total" in text


def test_the_report_as_json_has_everything(compared, capsys):
    found = json.loads(run("compare", "shop.buy", "--format", "json", capsys=capsys))["shop.buy"]
    assert (found["compared"], found["matched"], found["samples"]) == (10, 7, 10)
    assert found["low"] < found["rate"] < found["high"]
    first, last = found["causes"][0], found["causes"][-1]
    assert (first["count"], first["control"], first["candidate"], first["is_noise"]) == (3, "7", "8", False)
    assert last["is_noise"]


def test_the_report_as_files_has_both_bodies_of_each_cause(compared, capsys, tmp_path):
    folder = tmp_path / "found"
    assert "causes written" in run("compare", "--output", str(folder), capsys=capsys)
    pages = sorted(folder.glob("*.md"))
    assert json.loads((folder / "report.json").read_text())["shop.buy"]["causes"]
    text = pages[0].read_text()
    assert '"total": 7' in text
    assert '"total": 8' in text
    assert "POST /buy/" in text


def test_what_was_not_compared_is_said_with_its_reason(service, make, capsys):
    service.probe = "plain"
    captures.store([make()])
    Worker(is_guard=False).drain()
    text = " ".join(run("compare", "shop.buy", capsys=capsys).split())
    assert "1 not compared, no sandbox: it has acknowledged no sandbox" in text


def test_nothing_compared_says_how_to_begin(two_sides, capsys):
    assert "rollout SEAM shadow" in run("compare", capsys=capsys)


def test_one_capture_is_replayed_against_both_sides(service, legacy, make, capsys):
    service.body = lambda _: {"total": 8}
    service.effects, legacy.effects = effects(total=8), effects(total=7)
    capture = make(effects=effects(total=7))
    keeping.keep(capture)
    with pytest.raises(SystemExit) as ended:
        call_command("strangler", "compare", "--replay", str(capture.id))
    assert ended.value.code == 1
    text = capsys.readouterr().out
    assert "POST /buy/" in text
    assert "insert 1 orders" in text
    assert "differences between legacy and service now" in text
    assert (len(service.asked), len(legacy.asked)) == (1, 1)


def test_a_replay_in_which_both_do_the_same_is_done(two_sides, make, capsys):
    capture = make()
    captures.store([capture])
    assert "Both sides do the same" in run("compare", "--replay", str(capture.id), capsys=capsys)
    assert captures.load(capture.id) is not None


def test_a_replay_says_why_a_side_was_not_observed(service, make, capsys):
    service.close()
    capture = make()
    keeping.keep(capture)
    with pytest.raises(SystemExit):
        call_command("strangler", "compare", "--replay", str(capture.id), "--format", "json")
    seen = json.loads(capsys.readouterr().out)
    assert seen["unobserved"]["service"].startswith("unreachable")
    assert seen["differences"] is None


def test_rules_are_shown_accepted_and_rejected(compared, capsys, settings):
    text = run("rules", "shop.buy", capsys=capsys)
    assert "proposed" in text
    (rule,) = RuleRecord.objects.all()
    text = run("rules", "shop.buy", "accept", str(rule.pk), "--actor", "ann", capsys=capsys)
    assert "accepted" in text
    assert "ann" in text
    (document,) = json.loads(run("rules", "shop.buy", "reject", rule.text, "--format", "json", capsys=capsys))
    assert (document["state"], document["seen"]) == ("rejected", 10)


def test_a_corpus_is_exported_to_a_folder_and_imported(compared, capsys, tmp_path):
    assert "exported to" in run("corpus", "export", str(tmp_path), "--limit", "2", capsys=capsys)
    path = tmp_path / "corpus.jsonl"
    head, *lines = path.read_text().splitlines()
    assert json.loads(head) == {"format": "strangler-corpus", "version": 1, "masked": True}
    assert len(lines) == 2
    KeptCapture.objects.all().delete()
    assert "2 captures imported" in run("corpus", "import", str(path), capsys=capsys)
    assert KeptCapture.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no JSON"),
        ('{"format": "other"}\n', "is no strangler-corpus"),
        ('{"format": "strangler-corpus", "version": 9}\n', "has version 9; this release reads version 1"),
        ('{"format": "strangler-corpus", "version": 1}\n{"id": 1}\n', "line 2: is no capture"),
        ('{"format": "strangler-corpus", "version": 1}\nbroken\n', "line 2: is no JSON"),
        ('{"format": "strangler-corpus", "version": 1}\n[1]\n', "line 2: is no JSON object"),
    ],
)
def test_a_file_that_is_no_corpus_is_refused_whole_with_its_line(tmp_path, content, message):
    path = tmp_path / "corpus.jsonl"
    path.write_text(content)
    with pytest.raises(CommandError, match=message):
        call_command("strangler", "corpus", "import", str(path))
    assert not KeptCapture.objects.exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["compare", "shop.by"], "Did you mean 'shop.buy'"),
        (["compare", "--replay", str(uuid4())], "There is no capture"),
        (["rules", "shop.by"], "Did you mean 'shop.buy'"),
        (["rules", "shop.buy", "reject", "7"], "has no rule '7'"),
        (["rules", "shop.buy", "accept", "nonsense"], "has no rule 'nonsense'"),
        (["corpus", "export", "/nowhere/at-all/x"], "its folder does not exist"),
        (["corpus", "export", "x", "--no-mask"], "say why with --reason"),
        (["corpus", "import", "/nowhere/at-all/x"], "No such file"),
    ],
)
def test_wrong_words_are_one_line_with_the_next_action(two_sides, args, message):
    with pytest.raises(CommandError) as caught:
        call_command("strangler", *args)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_worker_compares_what_waits_and_says_so(two_sides, make, capsys):
    captures.store([make()])
    text = run("shadow", "--once", "--threads", "1", capsys=capsys)
    assert "1 compared, 1 of them match, 0 not compared." in text
    assert read_parity("shop.buy", since=make().captured_at.replace(year=2020)).matched == 1


def test_a_worker_that_does_not_know_where_the_monolith_is_does_not_start(two_sides, settings):
    settings.STRANGLER = {**settings.STRANGLER, "MONOLITH_URL": ""}
    with pytest.raises(CommandError, match="Set MONOLITH_URL=http"):
        call_command("strangler", "shadow", "--once")
