"""Runs from a wish to a file: slices, checkpoints, cancelling, limits, lost workers, full disks."""

import csv
import errno
import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from extracted.reporting.celery import app
from extracted.reporting.definitions import REPORTS
from extracted.reporting.definitions.report import Query
from extracted.reporting.errors import ParameterError, TooManyRunsError, UnknownReportError
from extracted.reporting.models import Run, State
from extracted.reporting.running import cancel, work
from extracted.reporting.running.progress import claim
from extracted.reporting.running.pruning import prune
from extracted.reporting.running.requeueing import requeue
from extracted.reporting.writing import store
from extracted.reporting.writing.parts import Part
from tests.services.reporting.conftest import BOSS, CUSTOMER, STAFF, file_of

pytestmark = pytest.mark.django_db(transaction=True)

# Counts without an end: what a report is like that would take hours.
ENDLESS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT COUNT(*), '{after}{limit}', COUNT(*) FROM n WHERE i < 0
"""
FULL = "the disk is full: nothing was published; try again when there is room"
ENDLESS_ON_MARIADB = "SELECT COUNT(*), '{after}{limit}', 1 FROM seq_1_to_100000000000 WHERE MD5(seq) = 'x'"


@pytest.fixture
def pages(monkeypatch):
    """Return a function that makes a report's pages small, or changes it otherwise."""

    def change(rows=10, name="order-lines", **values):
        monkeypatch.setitem(REPORTS, name, replace(REPORTS[name], page_rows=rows, **values))

    return change


@pytest.fixture
def endless(pages):
    """Make the report of order lines one that never ends."""
    sql = ENDLESS_ON_MARIADB if connection.vendor == "mysql" else ENDLESS
    pages(query=Query(sql=sql, after="", keys=1, arguments=lambda _: []))


def rows_of(run):
    with file_of(run).open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def ids_of(run):
    return [int(row[0]) for row in rows_of(run)[1:]]


def leftovers():
    return [*store().runs_with_parts(), *store().names()]


def test_a_wish_becomes_a_file(wish, lines, fresh):
    lines(20)
    fresh()
    run = wish()
    assert (run.state, run.percent) == ("queued", None)
    assert work(run.pk, holder="t1") is False
    assert ids_of(run) == [1, 2, 3, *range(100, 120)]
    assert (run.state, run.rows, run.expected, run.percent) == (State.READY, 23, 23, 100)
    assert run.as_of is not None
    assert run.bytes == file_of(run).stat().st_size
    assert list(store().runs_with_parts()) == []


def test_a_run_gives_way_after_each_slice_and_has_every_row_once(wish, lines, pages, configure):
    configure(SLICE=timedelta(microseconds=1))
    pages(10)
    lines(50)
    run, slices = wish(), 0
    while work(run.pk, holder=f"t{slices}"):
        slices += 1
        run.refresh_from_db()
        assert (run.state, run.leased_until) == (State.RUNNING, None)
        assert leftovers() == [str(run.pk)]  # nothing is published before all is there
    assert slices == 5
    assert ids_of(run) == [1, 2, 3, *range(100, 150)]


def test_what_was_written_behind_the_checkpoint_is_cut_off(wish, lines, pages, configure):
    """A worker that is killed has written more than it noted."""
    configure(SLICE=timedelta(microseconds=1))
    pages(10)
    lines(30)
    run = wish()
    work(run.pk, holder="t1")
    with (store().parts(str(run.pk)) / "table.csv").open("ab") as part:
        part.write(b"half a li")
    while work(run.pk, holder="t2"):
        pass
    assert ids_of(run) == [1, 2, 3, *range(100, 130)]


def test_a_run_begins_again_when_its_parts_are_gone(wish, lines, pages, configure):
    configure(SLICE=timedelta(microseconds=1))
    pages(10)
    lines(30)
    run = wish()
    work(run.pk, holder="t1")
    store().drop_parts(str(run.pk))
    while work(run.pk, holder="t2"):
        pass
    assert ids_of(run) == [1, 2, 3, *range(100, 130)]


def test_a_run_belongs_to_one_worker_until_its_lease_ends_or_its_message_comes_again(wish, shop):
    run = wish()
    first = claim(run.pk, holder="t1")
    assert claim(run.pk, holder="t2") is None
    second = claim(run.pk, holder="t1")
    assert (first.number, second.number, second.run.losses) == (1, 2, 1)
    Run.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert claim(run.pk, holder="t3").number == 3
    Run.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert claim(run.pk, holder="t4") is None
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "3 workers in a row were lost" in run.reason


def test_a_database_that_fails_again_and_again_is_named(wish, shop, pages):
    pages(query=Query(sql="SELECT {limit} FROM nowhere {after}", after="", keys=1, arguments=lambda _: []))
    run = wish()
    for number in range(4):
        assert work(run.pk, holder=f"t{number}") is False
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "3 workers" in run.reason
    assert "nowhere" in run.reason


def test_a_worker_that_comes_back_from_the_dead_publishes_nothing(wish, shop, monkeypatch):
    run = wish()
    finish = Part.sync

    def lose(part):
        Run.objects.update(slices=99)
        return finish(part)

    monkeypatch.setattr(Part, "sync", lose)
    assert work(run.pk, holder="t1") is False
    run.refresh_from_db()
    assert (run.state, run.file, list(store().names())) == (State.RUNNING, "", [])


def test_a_run_that_waits_is_cancelled_at_once(wish, shop):
    run = wish()
    assert cancel(run.pk) is True
    run.refresh_from_db()
    assert (run.state, work(run.pk, holder="t1"), leftovers()) == (State.CANCELLED, False, [])
    assert cancel(run.pk) is False


def test_cancelling_interrupts_a_statement_within_two_seconds(wish, shop, endless):
    run, took = wish(), []

    def stop():
        while not Run.objects.filter(pk=run.pk, state=State.RUNNING).exists():
            time.sleep(0.05)
        took.append(time.monotonic())
        cancel(run.pk)
        connection.close()

    thread = threading.Thread(target=stop)
    thread.start()
    work(run.pk, holder="t1")
    thread.join()
    assert time.monotonic() - took[0] < 2
    run.refresh_from_db()
    assert (run.state, run.file, leftovers()) == (State.CANCELLED, "", [])


def test_the_database_ends_a_statement_that_takes_too_long(wish, shop, endless, configure):
    configure(STATEMENT_TIMEOUT=timedelta(seconds=0.1))
    run = wish()
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, leftovers()) == (State.FAILED, [])
    assert run.reason == "the database ended a statement: more than 0.1 s: ask for less at a time"


def test_a_run_that_used_up_its_time_fails_and_says_so(wish, shop, endless, configure):
    configure(RUN_TIME_LIMIT=timedelta(seconds=0.2))
    run = wish()
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "which is the most" in run.reason


@pytest.fixture
def small_disk(configure, tmp_path):
    """Keep files on a disk of 64 KiB, if this user may mount one; return a function that makes it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk; the same without one is tested beside this")
    configure(FOLDER=folder)
    yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_publishes_nothing_and_says_so(wish, lines, monkeypatch):
    lines(10)
    run = wish()

    def full(part, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Part, "write", full)
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, leftovers()) == (State.FAILED, [])
    assert run.reason == FULL


@pytest.mark.parametrize("format_", ["csv", "xlsx", "json"])
def test_a_disk_that_fills_up_in_the_middle_is_left_empty_and_serves_the_next_run(
    wish, lines, small_disk, format_
):
    lines(1_000, text="A canvas of a long holiday" * 8)
    run = wish(as_=format_)
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, run.reason, leftovers()) == (State.FAILED, FULL, [])
    small_disk("16m")
    again = wish(as_=format_)
    work(again.pk, holder="t1")
    again.refresh_from_db()
    assert (again.state, again.rows) == (State.READY, 1_003)


def test_more_rows_than_a_run_may_have_are_refused_instead_of_cut_off(wish, lines, configure):
    configure(MAX_ROWS=20)
    lines(30)
    run = wish()
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, leftovers()) == (State.FAILED, [])
    assert "more than 20 rows" in run.reason


def test_one_person_has_so_many_at_work_and_others_do_not_wait_for_them(wish, shop, configure):
    configure(RUNS_PER_USER=1)
    first, second, other = wish(by=STAFF), wish(by=STAFF), wish(by=BOSS)
    assert claim(first.pk, holder="t1")
    assert claim(second.pk, holder="t2") is None
    second.refresh_from_db()
    assert "waits: 1 others of yours" in second.reason
    assert claim(other.pk, holder="t3")


def test_one_person_can_not_fill_the_queue(wish, shop, configure):
    configure(QUEUED_PER_USER=2)
    wish(by=STAFF)
    wish(by=STAFF)
    with pytest.raises(TooManyRunsError, match="2 reports of yours are not finished"):
        wish(by=STAFF)
    assert wish(by=BOSS)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"sinse": "2026-01-01"}, r"no parameter 'sinse'; did you mean 'since'\?"),
        ({"since": "2026-12-01", "until": "2026-01-01"}, "since .* must not be after until"),
        ({"since": "2026-02-30"}, "since must be a day such as"),
        ({"until": "9999-01-01"}, "until must be a day from 2000"),
        ({"since": "\0"}, "since must be a day"),
        ({"as_": "exe"}, "no format 'exe'"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_what_would(wish, shop, raw, said):
    with pytest.raises(ParameterError, match=said):
        wish(**raw)


def test_a_report_that_is_not_for_somebody_does_not_exist_for_them(wish, shop):
    with pytest.raises(UnknownReportError):
        wish("customers", by=STAFF)
    with pytest.raises(UnknownReportError):
        wish(by=CUSTOMER)


def test_a_wish_is_announced_and_again_when_nobody_came(wish, shop, queue):
    run = wish()
    assert [str(run.pk) in message for message in queue()] == [True]
    Run.objects.update(due_at=timezone.now())
    assert requeue() == 1
    assert requeue() == 0
    assert len(queue()) == 2
    run.refresh_from_db()
    assert run.sends == 1


def test_a_broker_that_is_gone_costs_nobody_their_wish(wish, shop):
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    run = wish()
    run.refresh_from_db()
    assert (run.state, run.due_at <= timezone.now()) == (State.QUEUED, True)


def test_files_are_removed_after_the_retention_and_what_belongs_to_nobody_with_them(wish, lines):
    run, young = wish(), wish()
    work(run.pk, holder="t1")
    work(young.pk, holder="t2")
    young.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=30))
    store().path("stray.csv").write_text("")
    store().parts("stray")
    assert prune() == 1
    assert leftovers() == [young.file]
