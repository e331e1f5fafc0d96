"""States of a photo: who may work on it, how often, and what happens to the work of a worker that was lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from extracted.images import progress
from extracted.images.conf import config
from extracted.images.models import Photo, State
from extracted.images.pictures import Picture, Rendition

pytestmark = pytest.mark.django_db

PICTURE = Picture(
    width=40, height=30, renditions=(Rendition(size=160, width=40, height=30, extension="jpg", content=b"x"),)
)
NAMES = {160: "images/renditions/ab/x.jpg"}


def test_a_queued_photo_is_taken_once(photo):
    row = photo()
    assert progress.claim(row.pk, holder="first")
    assert progress.claim(row.pk, holder="second") is None


def test_an_attempt_is_counted_before_the_work_begins(photo):
    row = photo()
    progress.claim(row.pk, holder="first")
    assert Photo.objects.get(pk=row.pk).attempts == 1


def test_the_same_message_delivered_again_takes_over_at_once(photo):
    row = photo()
    progress.claim(row.pk, holder="message")
    assert progress.claim(row.pk, holder="message").attempt == 2


def test_another_message_waits_until_the_lease_ends(photo, time_machine):
    time_machine.move_to(timezone.now())
    row = photo()
    progress.claim(row.pk, holder="first")
    time_machine.shift(config().lease - timedelta(seconds=1))
    assert progress.claim(row.pk, holder="second") is None
    time_machine.shift(timedelta(seconds=2))
    assert progress.claim(row.pk, holder="second")


def test_the_lease_is_longer_than_a_worker_can_live():
    assert config().lease > config().hard_time_limit > config().soft_time_limit


def test_a_photo_that_loses_its_worker_each_time_is_given_up(photo):
    row = photo()
    for _ in range(config().max_attempts):
        assert progress.claim(row.pk, holder="message")
    assert progress.claim(row.pk, holder="message") is None
    row.refresh_from_db()
    assert (row.state, row.due_at) == (State.FAILED, None)
    assert row.reason.startswith("given up after 3 attempts: the worker was lost")


def test_giving_up_tells_what_went_wrong_the_last_time(photo):
    row = photo()
    for _ in range(config().max_attempts):
        claim = progress.claim(row.pk, holder="message")
        progress.put_back(claim, reason="it took longer than 30 seconds", is_our_fault=False)
    progress.claim(row.pk, holder="message")
    row.refresh_from_db()
    assert row.reason == "given up after 3 attempts: it took longer than 30 seconds"


def test_trouble_of_our_own_costs_the_photo_no_attempt(photo):
    row = photo()
    for _ in range(config().max_attempts + 2):
        claim = progress.claim(row.pk, holder="message")
        progress.put_back(claim, reason="disk full", is_our_fault=True)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.QUEUED, 0)
    assert row.due_at > timezone.now()


def test_finishing_records_the_picture_and_its_renditions(photo):
    row = photo()
    claim = progress.claim(row.pk, holder="first")
    assert progress.finish(claim, PICTURE, names=NAMES)
    row.refresh_from_db()
    assert (row.state, row.width, row.height) == (State.READY, 40, 30)
    assert [(made.size, made.name) for made in row.renditions.all()] == [(160, NAMES[160])]


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(photo):
    row = photo()
    lost = progress.claim(row.pk, holder="message")
    progress.claim(row.pk, holder="message")
    assert not progress.finish(lost, PICTURE, names=NAMES)
    progress.fail(lost, reason="nonsense")
    progress.report(lost, done=1, total=1)
    row.refresh_from_db()
    assert (row.state, row.progress, row.reason) == (State.PROCESSING, 5, "")
    assert not row.renditions.exists()


@pytest.mark.parametrize("state", [State.READY, State.PUBLISHED, State.FAILED])
def test_a_late_message_finds_nothing_to_do(photo, state):
    assert progress.claim(photo(state=state).pk, holder="late") is None


def test_a_photo_that_is_gone_is_nothing_to_do():
    assert progress.claim("3f2b0e5c-0000-0000-0000-000000000000", holder="late") is None


def test_waits_double_up_to_five_minutes_and_differ():
    waits = [progress.wait_before_send(sends).total_seconds() for sends in range(12)]
    usual = config().resend_after.total_seconds()
    for sends, wait in enumerate(waits):
        middle = min(usual * 2**sends, 300)
        assert middle * 0.75 <= wait <= middle * 1.25
    assert len(set(waits)) == len(waits)
