"""The Celery tasks: the door for other Django projects, beat's work, and the app's set-up."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from extracted.email.celery import app
from extracted.email.conf import config
from extracted.email.models import Message
from extracted.email.pruning import prune
from extracted.email.requeueing import requeue
from extracted.email.states import State
from extracted.email.tasks import deliver
from strangler.service.models import InboxMessage

BODY = {
    "template": "welcome",
    "to": ["ann@example.org"],
    "context": {"user": {"username": "ann", "first_name": "Ann"}},
    "business_id": "welcome:user:42",
}


def arrive(body=BODY, *, version=1, id_=None):
    """Run the task as a worker does when a message arrives."""
    return deliver.apply(
        kwargs={"body": body, "version": version}, task_id=str(id_ or uuid4()), throw=True
    ).get()


@pytest.mark.django_db(transaction=True)
class TestDelivering:
    """Messages of other projects, on their way through the inbox."""

    def test_a_message_is_a_row_that_the_workers_are_told_of(self, queue):
        assert arrive() == "done"
        row = Message.objects.get()
        assert (row.state, row.source, row.business_id) == (State.QUEUED, "task", "welcome:user:42")
        assert str(row.pk) in queue()[0]

    def test_the_same_message_again_is_a_repetition(self):
        id_ = uuid4()
        assert [arrive(id_=id_) for _ in range(2)] == ["done", "repeated"]
        assert Message.objects.count() == 1

    def test_another_message_about_the_same_thing_changes_nothing(self):
        arrive()
        changed = {**BODY, "to": ["other@example.org"]}
        assert [arrive(), arrive(changed)] == ["done", "done"]
        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "version", "reason"),
        [
            ({**BODY, "to": ["ann"]}, 1, "'ann' is no mail address"),
            ({**BODY, "to": ["a@b.example\nBcc: c@d.example"]}, 1, "line break"),
            ({**BODY, "context": {"x": "y" * 70_000}}, 1, "70,009 bytes"),
            ({}, 1, "template is missing"),
            ([], 1, "no JSON object"),
            (BODY, 2, "version 2 is newer"),
        ],
    )
    def test_what_cannot_be_used_is_parked_at_once_with_the_reason(self, body, version, reason):
        assert arrive(body, version=version) == "parked"
        assert reason in InboxMessage.objects.get().reason
        assert not Message.objects.exists()

    def test_a_mail_without_a_template_is_parked_where_staff_see_it(self):
        assert arrive({**BODY, "template": "nothing"}) == "done"
        assert Message.objects.get().state == State.PARKED


@pytest.mark.django_db
class TestRequeueing:
    """What makes a lost task harmless."""

    def test_an_overdue_message_is_announced_again_and_each_time_waits_longer(self, queue, message):
        row = message(due_at=timezone.now(), sends=3)
        assert requeue() == 1
        assert str(row.pk) in queue()[0]
        row.refresh_from_db()
        assert row.sends == 4
        assert row.due_at > timezone.now() + timedelta(minutes=2)
        assert requeue() == 0

    @pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
    def test_so_is_one_whose_lease_or_wait_is_over(self, queue, message, state):
        message(due_at=timezone.now(), state=state)
        assert requeue() == 1

    @pytest.mark.parametrize("state", [State.SENT, State.FAILED, State.PARKED, State.SUPPRESSED])
    def test_a_finished_message_is_left_alone(self, queue, message, state):
        message(due_at=timezone.now(), state=state)
        assert requeue() == 0

    def test_a_held_one_too(self, queue, message):
        message(due_at=None, state=State.UNKNOWN)
        assert requeue() == 0

    def test_with_a_dead_broker_everything_stays_overdue(self, message):
        row = message(due_at=timezone.now())
        assert requeue() == 0
        row.refresh_from_db()
        assert (row.sends, row.due_at <= timezone.now()) == (0, True)


@pytest.mark.django_db
class TestPruning:
    """What is kept, and how long."""

    def test_finished_messages_go_after_their_time_and_others_stay(self, message, configure):
        long_ago = timezone.now() - timedelta(days=91)
        message("old@example.org", state=State.SENT, finished_at=long_ago)
        message("new@example.org", state=State.SENT, finished_at=timezone.now())
        message("parked@example.org", state=State.PARKED, finished_at=long_ago)
        message("queued@example.org", created_at=long_ago)
        configure(RETENTION=timedelta(0))
        assert prune() == 0
        configure(RETENTION=timedelta(days=90))
        assert prune() == 1
        left = Message.objects.values_list("recipients__address", flat=True)
        assert set(left) == {"new@example.org", "parked@example.org", "queued@example.org"}


def test_nothing_that_loses_or_doubles_work_is_left_at_its_default():
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.broker_connection_max_retries is None
    assert [each.name for each in conf.task_queues] == ["email"]
    assert conf.worker_consumer == "strangler.service.inbox.consumer:ParkingConsumer"


def test_an_attempt_ends_before_its_lease_and_the_lease_before_the_message_comes_again():
    conf = app.conf
    lease = config().lease.total_seconds()
    assert config().final_reply_timeout.total_seconds() < conf.task_soft_time_limit
    assert conf.task_soft_time_limit < conf.task_time_limit < lease
    assert lease < conf.broker_transport_options["visibility_timeout"]


def test_every_task_has_the_services_name():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {"email.deliver", "email.send", "email.requeue", "email.prune"}
    assert {each["task"] for each in app.conf.beat_schedule.values()} == {"email.requeue", "email.prune"}
