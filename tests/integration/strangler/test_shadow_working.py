"""The worker compares each capture once, learns noise, and tells the guard what it found."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from strangler.core.capture import RecordedCall
from strangler.core.decision import Side
from strangler.core.ladder import LIVE
from strangler.core.stages import RolloutStage
from strangler.forking import popen
from strangler.rollout import plans
from strangler.rollout.changes import position
from strangler.rollout.parity import read_parity
from strangler.shadow import captures, corpus, findings, keeping, rules
from strangler.shadow.comparing import Outcome, Result
from strangler.shadow.models import (
    CaptureRecord,
    CaptureState,
    Cause,
    ComparisonRecord,
    DifferenceRecord,
    KeptCapture,
)
from strangler.shadow.report import make_report
from strangler.shadow.working import Worker
from tests.integration.strangler.sandbox_server import effects

pytestmark = pytest.mark.django_db
AGO = timedelta(hours=1)


def work():
    worker = Worker(is_guard=False)
    worker.drain()
    return worker.report


def parity(seam="shop.buy"):
    return read_parity(seam, since=timezone.now() - AGO)


def report(seam="shop.buy"):
    (found,) = make_report(since=timezone.now() - AGO, seam=seam)
    return found


def test_a_capture_that_matches_is_counted_and_gone(service, make):
    captures.store([make() for _ in range(5)])
    done = work()
    assert (done.compared, done.matched) == (5, 5)
    assert not CaptureRecord.objects.exists()
    assert (parity().compared, parity().matched) == (5, 5)
    assert parity().shapes == {"shop.buy POST 200 n": 5}
    assert len(service.asked) == 5


def test_a_few_captures_of_each_shape_are_kept_for_the_corpus(two_sides, make, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_KEEP": 2}
    captures.store([make() for _ in range(5)])
    work()
    assert KeptCapture.objects.count() == 2


def test_differences_are_grouped_by_cause_with_an_example_that_can_be_read(service, make):
    service.body = lambda _: {"total": 8}
    captures.store([make(), make()])
    work()
    assert (parity().compared, parity().matched) == (2, 0)
    (cause,) = report().causes
    assert (cause.count, cause.is_noise) == (2, False)
    assert "total" in cause.place
    assert (cause.control, cause.candidate) == ("7", "8")
    kept = keeping.find(cause.example)
    assert kept.candidate.body == b'{"total": 8}'


def test_effects_are_compared_too(service, make):
    service.effects = effects(total=8)
    captures.store([make(effects=effects(total=7))])
    work()
    assert parity().matched == 0
    assert any("effects" in each.place or "row" in each.place for each in report().causes)


def test_a_call_is_compared(service, make):
    captures.store([make(call=RecordedCall(task="shop.deliver", body={"to": "ann"}))])
    assert work().compared == 1
    assert service.asked[0].path == "/health/sandbox"


def test_when_the_service_did_it_legacy_is_the_candidate(legacy, service, make):
    captures.store([make(side=Side.SERVICE)])
    assert work().matched == 1
    assert (len(legacy.asked), len(service.asked)) == (1, 0)
    assert ComparisonRecord.objects.get().control == "service"


@pytest.mark.parametrize(("probe", "reason"), [("plain", "no sandbox"), ("sign", "unsigned")])
def test_what_was_not_observed_is_counted_and_is_no_match(service, make, probe, reason):
    service.probe, service.replay = probe, "plain"
    captures.store([make()])
    assert work().unobserved == 1
    assert report().not_compared == {reason: 1}
    assert parity().compared == 0
    assert parity().unobserved == (1 if reason == "unsigned" else 0)
    assert not CaptureRecord.objects.exists()


def test_a_side_that_is_down_is_counted_and_does_not_stop_the_worker(service, make):
    service.close()
    captures.store([make() for _ in range(8)])
    assert work().unobserved == 8
    assert parity().unobserved == 8


def test_what_legacy_shows_against_itself_is_no_mismatch(service, legacy, make, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_NOISE_PERCENT": 100}
    number = itertools.count()
    service.body = legacy.body = lambda _: {"total": 7, "token": f"t{next(number)}x"}
    captures.store([make(body={"total": 7, "token": "then"}) for _ in range(4)])
    assert work().matched == 0
    assert (parity().compared, parity().matched) == (4, 4)
    assert report().noisy == 4
    (cause,) = report().causes
    assert cause.is_noise


def test_a_missing_field_is_no_noise_because_its_value_is(service, legacy, make, settings):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_NOISE_PERCENT": 100}
    number = itertools.count()
    legacy.body = lambda _: {"total": 7, "token": f"t{next(number)}x"}
    captures.store([make(body={"total": 7, "token": "then"}) for _ in range(4)])
    work()
    assert (parity().compared, parity().matched) == (4, 0)


def test_a_proposed_rule_is_accepted_or_rejected_and_that_counts_for_what_was_compared(
    service, legacy, make, settings
):
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW_NOISE_PERCENT": 100}
    number = itertools.count()
    service.body = legacy.body = lambda _: {"total": 7, "token": f"t{next(number)}x"}
    captures.store([make(body={"total": 7, "token": "then"}) for _ in range(4)])
    work()
    (rule,) = rules.list_rules("shop.buy")
    assert (rule.state, rule.seen, rule.covers) == ("proposed", 4, 4)
    rules.reject("shop.buy", str(rule.id), actor="ann")
    assert parity().matched == 0
    rules.accept("shop.buy", rule.text, actor="ann")
    assert parity().matched == 4
    captures.store([make(body={"total": 7, "token": "then"})])
    assert work().matched == 1


def test_two_workers_write_the_same_capture_once(two_sides, make):
    capture = make()
    captures.store([capture])
    outcome = Outcome(capture=capture, result=Result(differences=()))
    (mine,) = captures.claim(1, lease=timedelta(0), token="slow")
    (theirs,) = captures.claim(1, lease=timedelta(minutes=1), token="quick")
    assert mine.id == theirs.id
    settle = {
        name: lambda name=name: bool(captures.settle([capture.id], token=name)) for name in ("slow", "quick")
    }
    assert not findings.store(outcome, settle=settle["slow"])
    assert findings.store(outcome, settle=settle["quick"])
    assert not findings.store(outcome, settle=settle["quick"])
    assert not findings.store(outcome, settle=lambda: True)
    assert ComparisonRecord.objects.count() == 1


def test_old_findings_are_forgotten_but_not_the_example_of_a_cause_that_is_left(service, make):
    service.body = lambda _: {"total": 8}
    captures.store([make(), make()])
    work()
    old = timezone.now() - timedelta(days=30)
    first = ComparisonRecord.objects.order_by("pk").first()
    ComparisonRecord.objects.filter(pk=first.pk).update(compared_at=old)
    KeptCapture.objects.update(kept_at=old)
    assert findings.prune(retention=timedelta(days=7), now=timezone.now()) == 1
    assert (DifferenceRecord.objects.count(), Cause.objects.count()) == (1, 1)
    assert [each.capture_id for each in KeptCapture.objects.all()] == [Cause.objects.get().example]


def test_a_corpus_comes_back_as_it_went(two_sides, make, tmp_path):
    for _ in range(3):
        keeping.keep(make(principal={"id": "7"}))
    path = tmp_path / "corpus.jsonl"
    assert corpus.export(path, is_masked=False, reason="a test") == 3
    assert {each.id for each in corpus.read(path)} == set(KeptCapture.objects.values_list("pk", flat=True))
    KeptCapture.objects.all().delete()
    assert corpus.load(path) == 3
    assert KeptCapture.objects.count() == 3
    assert corpus.load(path, is_queued=True) == 3
    assert work().compared == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_captures_and_compare_each_once(service, make):
    service.body = lambda asked: {"total": 7 + asked.capture.count("a") % 2}
    captures.store([make() for _ in range(60)])
    workers = [Worker(is_guard=False) for _ in range(2)]

    def run(worker):
        worker.run()
        connections.close_all()

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 90
    while CaptureRecord.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(30)
    assert sum(worker.report.compared for worker in workers) == 60
    assert ComparisonRecord.objects.count() == 60
    assert len({each.capture for each in service.asked}) == len(service.asked) == 60


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_end_gives_back_what_hangs(service, make):
    service.replay = "hang"
    captures.store([make() for _ in range(5)])
    worker = Worker(is_guard=False, threads=2)
    thread = threading.Thread(target=lambda: (worker.run(), connections.close_all()))
    thread.start()
    deadline = time.monotonic() + 30
    while len(service.asked) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert CaptureRecord.objects.filter(state=CaptureState.PENDING, attempts=0).count() == 5


@pytest.mark.django_db(transaction=True)
def test_the_worker_looks_after_planned_rollouts(two_sides):
    plans.start("shop.buy", to=LIVE, actor="ann", now=timezone.now())
    worker = Worker()
    thread = threading.Thread(target=lambda: (worker.run(), connections.close_all()))
    thread.start()
    deadline = time.monotonic() + 30
    while position("shop.buy").stage is RolloutStage.LEGACY and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.stop()
    thread.join(30)
    assert position("shop.buy").stage is RolloutStage.SHADOW


PROGRAM = """
import sys, django
django.setup()
from django.conf import settings
from django.db import connections
from strangler.shadow import captures
from datetime import timedelta
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
found = captures.claim(3, lease=timedelta(seconds=2), token="doomed")
print(len(found), flush=True)
sys.stdin.read()
"""


@pytest.mark.django_db(transaction=True)
def test_captures_of_a_killed_worker_come_back_when_its_lease_ends(two_sides, make):
    captures.store([make() for _ in range(3)])
    connections["default"].close()
    name = str(connections["default"].settings_dict["NAME"])
    process = popen(
        [sys.executable, "-c", PROGRAM, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline().strip() == "3"
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert ComparisonRecord.objects.count() == 0
    deadline = time.monotonic() + 30
    total = 0
    while total < 3 and time.monotonic() < deadline:
        total += work().compared
        time.sleep(0.1)
    assert total == 3
    assert ComparisonRecord.objects.count() == 3
