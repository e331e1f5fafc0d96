"""images.requeue: what makes a lost message harmless."""

from datetime import timedelta

import pytest
from django.utils import timezone

from extracted.images.models import Photo, State
from extracted.images.requeueing import requeue

pytestmark = pytest.mark.django_db

LATE = timedelta(seconds=-1)


def overdue(photo, state=State.QUEUED, by=LATE, **fields):
    return photo(state=state, due_at=timezone.now() + by, **fields)


def test_an_overdue_photo_is_sent_again(photo, queue):
    row = overdue(photo)
    assert requeue() == 1
    (message,) = queue()
    assert str(row.pk) in message
    assert '"task": "images.render"' in message


def test_a_photo_that_is_ready_is_sent_to_be_published(photo, queue):
    overdue(photo, State.READY)
    requeue()
    assert '"task": "images.publish"' in queue()[0]


def test_a_photo_whose_worker_was_lost_is_sent_when_its_lease_is_over(photo, queue):
    overdue(photo, State.PROCESSING)
    assert requeue() == 1


@pytest.mark.parametrize("state", [State.PUBLISHED, State.FAILED])
def test_a_finished_photo_is_left_alone(photo, queue, state):
    overdue(photo, state)
    assert requeue() == 0


def test_a_photo_that_is_not_overdue_is_left_alone(photo, queue):
    overdue(photo, by=timedelta(seconds=5))
    assert requeue() == 0


def test_each_time_it_waits_longer(photo, queue):
    row = overdue(photo, sends=3)
    assert requeue() == 1
    row.refresh_from_db()
    assert row.sends == 4
    assert row.due_at > timezone.now() + timedelta(minutes=3)
    assert requeue() == 0


def test_with_a_dead_broker_everything_stays_overdue(photo, queue, valkey):
    overdue(photo)
    valkey.kill()
    try:
        assert requeue() == 0
    finally:
        valkey.restart()
    assert Photo.objects.filter(due_at__lte=timezone.now(), sends=0).count() == 1
