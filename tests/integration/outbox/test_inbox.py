"""A message has its effect once, failures are counted, and what can't be worked on is parked; on every database."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import Celery
from django.db import connections, transaction

from strangler.core.carried import carried
from strangler.core.handed import HOPS_AT_ONCE
from strangler.core.messages import MAX_BODY_BYTES
from strangler.errors import FenceRaised, MessageBusyError, MessageError
from strangler.outbox import send
from strangler.outbox.clock import read_now
from strangler.outbox.models import OutboxMessage
from strangler.service.inbox import Delivery, Verdict, forget, process, receive
from strangler.service.inbox.locks import message_lock
from strangler.service.inbox.processing import WayOn
from strangler.service.inbox.report import find_parked, replay
from strangler.service.models import InboxMessage, InboxState


@pytest.fixture(autouse=True)
def limits(settings):
    settings.STRANGLER = {"INBOX_MAX_DELIVERIES": 3, "INBOX_WAIT": timedelta(milliseconds=300)}


def delivery(**changes) -> Delivery:
    return Delivery(**{"id": uuid4(), "type": "email.deliver", "body": {"n": 1}, "queue": "email", **changes})


def row(database, message) -> InboxMessage:
    return InboxMessage.objects.using(database).get(pk=message.id)


def effects(database):
    """Count the effects: a row of the outbox is one, and it is in the database of the inbox."""
    return OutboxMessage.objects.using(database).count()


def work(database):
    return lambda message: send("effect.done", dict(message.body), to="ledger", using=database)


def fail(_message):
    raise LookupError("no such template")


def test_a_repeat_is_a_no_op(database):
    message = delivery()
    verdicts = [process(message, work(database), using=database) for _ in range(3)]
    assert verdicts == [Verdict.DONE, Verdict.REPEATED, Verdict.REPEATED]
    assert effects(database) == 1
    assert (row(database, message).state, row(database, message).deliveries) == (InboxState.DONE, 1)


def test_what_failed_leaves_nothing_and_is_done_by_the_next_delivery(database):
    message = delivery()

    def fail_late(received):
        work(database)(received)
        raise LookupError

    with pytest.raises(LookupError):
        process(message, fail_late, using=database)
    assert effects(database) == 0
    assert process(message, work(database), using=database) is Verdict.DONE
    assert (effects(database), row(database, message).deliveries) == (1, 2)


def test_what_fails_each_time_is_parked_with_the_last_reason_and_stays_so(database):
    message = delivery()
    for _ in range(2):
        with pytest.raises(LookupError):
            process(message, fail, using=database)
    assert process(message, fail, using=database) is Verdict.PARKED
    assert process(message, work(database), using=database) is Verdict.REPEATED
    parked = row(database, message)
    assert parked.state == InboxState.PARKED
    assert parked.reason == "3 deliveries failed, the last with LookupError: no such template"
    assert (parked.body, parked.queue, parked.version) == ('{"n": 1}', "email", 1)


def test_what_the_handler_finds_wrong_in_the_message_itself_is_parked_at_once(sqlite):
    message = delivery()

    def refuse(received):
        raise MessageError("there is no template 'x'", type=received.type)

    assert process(message, refuse, using=sqlite) is Verdict.PARKED
    assert row(sqlite, message).reason == "there is no template 'x'"
    assert row(sqlite, message).deliveries == 1


def test_what_kills_its_worker_is_counted_although_nobody_could_say_so(database):
    message = delivery()

    class Killed(BaseException):
        """Stands for SIGKILL: nothing after the work gets to run."""

    def die(_message):
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            process(message, die, using=database)
    assert process(message, work(database), using=database) is Verdict.PARKED
    assert row(database, message).reason == "3 deliveries came to nothing: the worker died each time"
    assert effects(database) == 0


def test_putting_off_on_purpose_is_not_counted(database):
    message = delivery()

    class Later(Exception):
        """Stands for Celery's Retry."""

    def postpone(_message):
        raise Later

    for _ in range(9):
        with pytest.raises(Later):
            process(message, postpone, postponing=(Later,), using=database)
    assert process(message, work(database), using=database) is Verdict.DONE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 3}, "its version 3 is newer than this consumer, which knows 1, 2: deploy the newer one"),
        ({"version": "2"}, "its version is '2', which is no version"),
        ({"version": None}, "its version is None"),
        ({"body": ["a", "list"]}, "its body is no JSON object but list"),
        ({"body": None}, "its body is no JSON object but NoneType"),
        ({"body": {"x": "a" * MAX_BODY_BYTES}}, "more than 262,144"),
    ],
)
def test_what_nobody_here_can_work_on_is_parked_at_once(changes, reason, sqlite):
    message = delivery(**changes)
    assert process(message, fail, versions=(1, 2), using=sqlite) is Verdict.PARKED
    assert reason in row(sqlite, message).reason
    assert row(sqlite, message).deliveries == 0


def test_copies_that_come_at_once_have_one_effect_and_do_not_count_as_failures(database):
    message, verdicts, started = delivery(), [], threading.Barrier(8)

    def consume():
        started.wait()
        verdicts.append(process(message, work(database), using=database))
        connections[database].close()

    threads = [threading.Thread(target=consume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(verdicts) == [Verdict.DONE, *[Verdict.REPEATED] * 7]
    assert (effects(database), row(database, message).deliveries) == (1, 1)


def test_a_copy_waits_for_the_one_that_is_worked_on_and_then_asks_to_come_later(database):
    message, is_held, is_over = delivery(), threading.Event(), threading.Event()

    def hold():
        with message_lock(database, message.id, timeout=timedelta(seconds=1)):
            is_held.set()
            is_over.wait(timeout=10)
        connections[database].close()

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait(timeout=10)
    with pytest.raises(MessageBusyError, match=str(message.id)):
        process(message, work(database), using=database)
    is_over.set()
    holder.join()
    assert process(message, work(database), using=database) is Verdict.DONE


def test_what_the_sender_said_about_the_message_travels_on(sqlite):
    seen = []
    headers = {"strangler-correlation-id": "r-17", "strangler-key": "user:7"}
    process(delivery(headers=headers), lambda _: seen.append(dict(carried())), using=sqlite)
    assert seen == [{"correlation-id": "r-17"}]
    assert carried() == {}


def test_a_replayed_message_goes_through_the_outbox_and_starts_counting_anew(database):
    message = delivery(version=2, headers={"strangler-key": "user:7", "strangler-version": "2"})
    process(message, fail, versions=(1,), using=database)
    assert replay(find_parked(database)).sent == 1
    waiting = OutboxMessage.objects.using(database).get()
    assert (waiting.message_id, waiting.queue, waiting.key, waiting.version) == (
        message.id,
        "email",
        "user:7",
        2,
    )
    waiting.delete()
    assert process(message, work(database), versions=(1, 2), using=database) is Verdict.DONE


def test_what_was_parked_for_its_body_stays_parked_and_says_why(sqlite):
    message = delivery(body="text")
    process(message, fail, using=sqlite)
    done = replay(find_parked(sqlite))
    assert done.sent == 0
    assert "body must be an object" in done.refused[message.id]
    assert row(sqlite, message).state == InboxState.PARKED


def test_old_messages_are_forgotten_but_parked_ones_are_not(database):
    old, parked, new = delivery(), delivery(version=9), delivery()
    for message in (old, parked, new):
        process(message, work(database), using=database)
    long_ago = read_now(database) - timedelta(days=31)
    InboxMessage.objects.using(database).filter(pk__in=[old.id, parked.id]).update(received_at=long_ago)
    assert forget(using=database) == 1
    assert set(InboxMessage.objects.using(database).values_list("pk", flat=True)) == {parked.id, new.id}


def test_a_rolled_back_caller_takes_the_inbox_row_with_it(sqlite):
    message = delivery()
    with transaction.atomic(using=sqlite):
        process(message, work(sqlite), using=sqlite)
        transaction.set_rollback(True, using=sqlite)
    assert not InboxMessage.objects.using(sqlite).exists()


class OtherSide:
    """What was handed on, and whether the other side is the owner."""

    def __init__(self, *, is_owner=True):
        self.handed = 0
        self.way = WayOn(publish=self.publish, is_owner=lambda _met: is_owner)

    def publish(self):
        self.handed += 1


def meet(_message):
    raise FenceRaised("images", table="photos_photo")


def at_hop(message, hops) -> Delivery:
    return replace(message, headers={"strangler-hops": str(hops)})


def test_work_that_meets_the_fence_leaves_nothing_and_is_handed_on(database):
    message, other = delivery(), OtherSide()

    def meet_late(received):
        work(database)(received)
        meet(received)

    assert process(message, meet_late, using=database, way_on=other.way) is Verdict.HANDED
    assert (other.handed, effects(database)) == (1, 0)
    assert row(database, message).state == InboxState.HANDED


def test_a_copy_of_what_was_handed_on_is_handed_on_again_until_it_comes_back_with_more_hops(database):
    message, other = delivery(), OtherSide()
    process(message, meet, using=database, way_on=other.way)
    assert process(message, work(database), using=database, way_on=other.way) is Verdict.HANDED
    assert (other.handed, effects(database)) == (2, 0)
    back = at_hop(message, 2)
    assert process(back, work(database), using=database, way_on=other.way) is Verdict.DONE
    assert process(message, work(database), using=database, way_on=other.way) is Verdict.REPEATED
    assert (other.handed, effects(database)) == (2, 1)


def test_who_dies_before_handing_on_hands_on_at_the_next_delivery(database):
    message, other = delivery(), OtherSide()

    def die():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process(message, meet, using=database, way_on=WayOn(publish=die))
    assert process(message, work(database), using=database, way_on=other.way) is Verdict.HANDED
    assert (other.handed, effects(database)) == (1, 0)


def test_what_goes_to_and_fro_is_parked_and_a_replay_goes_on_from_there(sqlite):
    message, other = at_hop(delivery(), HOPS_AT_ONCE - 1), OtherSide()
    assert process(message, meet, using=sqlite, way_on=other.way) is Verdict.PARKED
    assert other.handed == 0
    assert "strangler move images status" in row(sqlite, message).reason
    assert replay(find_parked(sqlite)).sent == 1
    sent = OutboxMessage.objects.using(sqlite).get()
    assert json.loads(sent.headers)["strangler-hops"] == str(HOPS_AT_ONCE + 1)


def test_without_another_side_or_if_the_tables_are_ours_the_work_is_to_be_done_again(sqlite):
    message = delivery()
    with pytest.raises(FenceRaised):
        process(message, meet, using=sqlite)
    assert row(sqlite, message).deliveries == 1
    with pytest.raises(FenceRaised):
        process(message, meet, using=sqlite, way_on=OtherSide(is_owner=False).way)
    assert row(sqlite, message).deliveries == 1
    assert process(message, work(sqlite), using=sqlite) is Verdict.DONE


def test_a_task_that_fails_each_time_comes_again_until_it_is_parked(sqlite, settings):
    settings.STRANGLER = {"INBOX_MAX_DELIVERIES": 6}
    app = Celery(set_as_current=False)

    @app.task(name="email.deliver", bind=True)
    @receive(using=sqlite)
    def deliver(message):
        fail(message)

    message = delivery()
    result = deliver.apply(kwargs={"body": message.body, "version": 1}, task_id=str(message.id))
    assert result.get() == Verdict.PARKED
    assert row(sqlite, message).reason.startswith("6 deliveries failed")
