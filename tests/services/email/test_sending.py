"""Each way an attempt can end, against a real socket: the state, the reply on record, and who gets it again."""

import smtplib
import time
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from extracted.email import progress
from extracted.email.models import Message, Suppression
from extracted.email.outcomes import Outcome, Reply, Result
from extracted.email.sending import send
from extracted.email.states import RecipientState, State
from extracted.email.suppression import suppress
from tests.servers.smtp import Behaviour, Phase

pytestmark = pytest.mark.django_db

ANN, BEN = "ann@example.org", "ben@example.org"


def sent(message):
    send(message.pk)
    message.refresh_from_db()
    return message


def fates(message):
    return {each.address: each.state for each in message.recipients.all()}


def test_a_mail_arrives_with_both_parts_and_its_own_message_id(smtp, message):
    row = sent(message())
    (taken,) = smtp.taken
    assert row.state == State.SENT
    assert taken.message_id == row.message_id == f"<{row.pk}@halftone.example>"
    assert taken.mail["Subject"] == "Welcome to Halftone"
    assert taken.mail["To"] == ANN
    assert taken.mail["Auto-Submitted"] == "auto-generated"
    assert "Hello Ann" in taken.mail.get_body(["plain"]).get_content()
    assert "<strong>ann</strong>" in taken.mail.get_body(["html"]).get_content()


def test_a_message_that_is_sent_is_not_sent_again(smtp, message):
    row = sent(message())
    assert send(row.pk) is None
    assert len(smtp.taken) == 1


def test_a_message_that_is_gone_is_nothing_to_do(smtp, message):
    row = message()
    Message.objects.all().delete()
    assert send(row.pk) is None


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_a_connection_that_breaks_before_the_mail_is_handed_over_is_tried_again(smtp, message, phase):
    smtp.next(Behaviour(drop_at=phase))
    row = sent(message())
    assert row.state == State.QUEUED
    assert row.waits_for_server
    assert row.doubts == 0
    assert not smtp.taken


def test_a_connection_that_breaks_in_the_middle_of_a_long_mail_is_tried_again(smtp, message):
    smtp.next(Behaviour(drop_at=Phase.CONTENT))
    row = sent(message(text="long " * 1_500_000))
    assert (row.state, row.doubts) == (State.QUEUED, 0)


def test_a_short_mail_is_out_of_our_hands_as_soon_as_it_is_written(smtp, message):
    smtp.next(Behaviour(drop_at=Phase.CONTENT))
    assert sent(message()).state == State.UNKNOWN  # the kernel took it all; nobody knows how far it came


def test_a_server_that_is_not_there_is_tried_again(smtp, message):
    smtp.stop()
    row = sent(message())
    assert (row.state, row.attempts) == (State.QUEUED, 1)
    assert "ConnectionRefusedError" in row.reason


@pytest.mark.parametrize("takes", [True, False])
def test_a_connection_that_breaks_after_data_leaves_it_unknown_and_is_retried_with_the_same_id(
    smtp, message, due, takes
):
    smtp.next(Behaviour(drop_at=Phase.REPLY, takes=takes))
    row = sent(message())
    assert (row.state, row.doubts) == (State.UNKNOWN, 1)
    assert row.due_at is not None
    row = sent(due(row))
    assert row.state == State.SENT
    assert {taken.message_id for taken in smtp.taken} == {row.message_id}
    assert len(smtp.taken) == 1 + takes


def test_the_policy_hold_leaves_it_to_a_person(smtp, message, due, configure):
    configure(DOUBT_POLICY="hold")
    smtp.next(Behaviour(drop_at=Phase.REPLY))
    row = sent(message())
    assert row.is_held
    assert send(due(row).pk) is None
    assert len(smtp.taken) == 1


def test_after_too_many_doubts_it_is_held_whatever_the_policy(smtp, message, due, configure):
    configure(MAX_DOUBTS=2)
    smtp.default = Behaviour(drop_at=Phase.REPLY, takes=False)
    row = sent(due(sent(message())))
    assert row.is_held
    assert row.doubts == 2


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.REPLY])
def test_a_4xx_reply_is_tried_again_with_the_reply_on_record(smtp, message, due, phase):
    smtp.next(Behaviour(replies={phase: "451 4.3.0 try later"}))
    row = sent(message())
    assert row.state == State.QUEUED
    assert "451 4.3.0 try later" in row.reason
    assert row.not_before > timezone.now()
    assert sent(due(row)).state == State.SENT


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.REPLY])
def test_a_5xx_reply_fails_at_once_with_the_servers_words(smtp, message, due, phase):
    smtp.next(Behaviour(replies={phase: "550 5.1.1 no such user"}))
    row = sent(message())
    assert row.state == State.FAILED
    assert "550 5.1.1 no such user" in row.reason
    assert fates(row) == {ANN: "refused"}
    assert send(due(row).pk) is None
    assert not smtp.taken


def test_a_greeting_with_5xx_says_nothing_about_the_mail(smtp, message):
    smtp.next(Behaviour(replies={Phase.CONNECT: "554 not today"}))
    row = sent(message())
    assert row.state == State.QUEUED
    assert row.waits_for_server


def test_a_slow_server_is_left_and_tried_again(smtp, message):
    smtp.next(Behaviour(wait_at=Phase.RCPT, seconds=3))
    row = sent(message())
    assert row.state == State.QUEUED
    assert not smtp.taken


def test_a_server_that_is_slow_after_data_is_in_doubt(smtp, message, configure):
    configure(FINAL_REPLY_TIMEOUT=timedelta(seconds=0.3))
    smtp.next(Behaviour(wait_at=Phase.REPLY, seconds=2))
    assert sent(message()).state == State.UNKNOWN


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_a_reply_that_makes_no_sense_is_no_refusal(smtp, message, phase):
    smtp.next(Behaviour(replies={phase: "hello"}))
    row = sent(message())
    assert row.state == State.QUEUED
    assert row.tries.get().code is None


@pytest.mark.parametrize("reply", ["hello", "354 more?"])
def test_a_reply_after_data_that_makes_no_sense_is_in_doubt(smtp, message, reply):
    smtp.next(Behaviour(replies={Phase.REPLY: reply}))
    assert sent(message()).state == State.UNKNOWN


def test_a_time_limit_in_the_last_moment_is_in_doubt(smtp, message, monkeypatch):
    def written_and_interrupted(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())
        if isinstance(data, bytes):
            raise SoftTimeLimitExceeded

    monkeypatch.setattr(smtplib.SMTP, "send", written_and_interrupted)
    assert sent(message()).state == State.UNKNOWN


def test_nobody_waits_long_for_a_goodbye(smtp, message):
    smtp.next(Behaviour(wait_at=Phase.QUIT, seconds=5))
    started = time.monotonic()
    assert sent(message()).state == State.SENT
    assert time.monotonic() - started < 3


def test_one_recipient_of_two_can_be_refused(smtp, message):
    smtp.next(Behaviour(recipients={BEN: "550 no such user"}))
    row = sent(message(ANN, BEN))
    assert row.state == State.SENT
    assert fates(row) == {ANN: "accepted", BEN: "refused"}
    assert "ben@example.org: 550 no such user" in row.reason
    assert smtp.taken[0].recipients == (ANN,)


def test_only_who_was_put_off_gets_it_again(smtp, message, due):
    smtp.next(Behaviour(recipients={BEN: "450 greylisted"}))
    row = sent(message(ANN, BEN))
    assert (row.state, fates(row)) == (State.QUEUED, {ANN: "accepted", BEN: "pending"})
    row = sent(due(row))
    assert (row.state, fates(row)) == (State.SENT, {ANN: "accepted", BEN: "accepted"})
    assert [taken.recipients for taken in smtp.taken] == [(ANN,), (BEN,)]


def test_a_goodbye_in_the_middle_of_the_recipients_is_no_refusal(smtp, message):
    smtp.next(Behaviour(recipients={BEN: "421 shutting down"}))
    row = sent(message(ANN, BEN))
    assert (row.state, fates(row)) == (State.QUEUED, {ANN: "pending", BEN: "pending"})


def test_a_line_that_begins_with_a_dot_arrives_with_it(smtp, message):
    row = message()
    Message.objects.filter(pk=row.pk).update(text="first\n.dot\n..two\n", html="<p>\n.\n</p>")
    sent(row)
    assert smtp.taken[0].mail.get_body(["plain"]).get_content().splitlines() == [
        "first",
        ".dot",
        "..two",
    ]


def test_addresses_on_the_list_get_nothing(smtp, message):
    suppress("BEN@example.org", reason=Suppression.Reason.REQUEST)
    row = sent(message(ANN, BEN))
    assert (row.state, fates(row)) == (State.SENT, {ANN: "accepted", BEN: "suppressed"})
    alone = sent(message(BEN))
    assert (alone.state, alone.attempts) == (State.SUPPRESSED, 0)
    assert len(smtp.taken) == 1


@pytest.mark.parametrize(("is_on", "count"), [(True, 1), (False, 0)])
def test_a_hard_bounce_can_put_an_address_on_the_list(smtp, message, configure, is_on, count):
    configure(SUPPRESS_HARD_BOUNCES=is_on)
    smtp.next(Behaviour(recipients={BEN: "550 no such user"}))
    sent(message(ANN, BEN))
    assert Suppression.objects.filter(address=BEN).count() == count


def test_a_mail_that_is_too_large_for_the_server_suppresses_nobody(smtp, message, configure):
    configure(SUPPRESS_HARD_BOUNCES=True)
    smtp.next(Behaviour(replies={Phase.REPLY: "552 too large"}))
    assert sent(message()).state == State.FAILED
    assert not Suppression.objects.exists()


def test_when_the_server_is_back_everything_that_waited_for_it_goes_at_once(smtp, message, due):
    smtp.stop()
    first, second = sent(message()), sent(message(BEN))
    assert second.not_before > timezone.now()
    smtp.start()
    sent(due(first))
    second.refresh_from_db()
    assert second.not_before <= timezone.now()


def test_what_cannot_be_delivered_for_days_has_failed(smtp, message, due, configure):
    configure(GIVE_UP_AFTER=timedelta(hours=1))
    smtp.stop()
    row = sent(message(created_at=timezone.now() - timedelta(hours=2)))
    assert row.state == State.FAILED
    assert "given up after 1 attempts" in row.reason
    assert fates(row) == {ANN: RecipientState.PENDING}


def test_nothing_is_sent_too_early(smtp, message):
    row = message(not_before=timezone.now() + timedelta(minutes=1))
    assert send(row.pk) is None
    assert not smtp.connections


def test_each_attempt_is_on_record(smtp, message, due):
    smtp.next(Behaviour(drop_at=Phase.DATA), Behaviour(replies={Phase.RCPT: "451 later"}))
    row = message()
    for _ in range(3):
        sent(due(row))
    tries = list(row.tries.values_list("number", "outcome", "code"))
    assert tries == [(1, "postponed", None), (2, "postponed", 451), (3, "sent", 250)]
    assert all(each.ended_at and each.worker for each in row.tries.all())


def test_a_worker_that_lost_its_lease_is_fenced_off_before_data(smtp, message):
    row = message()
    slow = progress.claim(row.pk, worker="slow")
    Message.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    fast = progress.claim(row.pk, worker="fast")
    assert (slow.attempt, fast.attempt) == (1, 2)
    with pytest.raises(progress.FencedOffError):
        progress.enter(slow)
    progress.enter(fast)
    assert list(row.tries.values_list("worker", "outcome")) == [("slow", "lost"), ("fast", "")]


def test_a_lease_that_is_over_keeps_its_own_worker_out_too(message):
    row = message()
    claim = progress.claim(row.pk, worker="stopped for an hour")
    Message.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(progress.FencedOffError):
        progress.enter(claim)


def test_nobody_can_take_what_another_worker_holds(message):
    row = message()
    assert progress.claim(row.pk, worker="one")
    assert progress.claim(row.pk, worker="two") is None
    assert progress.claim(row.pk, worker="one") is None


def test_a_worker_lost_in_the_window_leaves_the_message_unknown(message):
    row = message()
    progress.enter(progress.claim(row.pk, worker="killed"))
    Message.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert progress.claim(row.pk, worker="next") is None
    row.refresh_from_db()
    assert (row.state, row.doubts) == (State.UNKNOWN, 1)
    assert "worker was lost" in row.reason


def test_a_late_report_ends_the_doubt_if_nobody_has_tried_again(smtp, message, due):
    row = message()
    late = progress.claim(row.pk, worker="late")
    progress.enter(late)
    Message.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    progress.claim(row.pk, worker="next")

    assert progress.conclude(late, Outcome(result=Result.SENT, reply=Reply(250, "ok")))
    row.refresh_from_db()
    assert (row.state, row.doubts) == (State.SENT, 0)


def test_a_late_report_after_another_attempt_changes_nothing(smtp, message):

    row = message()
    late = progress.claim(row.pk, worker="late")
    Message.objects.filter(pk=row.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    sent(row)
    assert not progress.conclude(late, Outcome(result=Result.REFUSED, reply=Reply(550, "no")))
    row.refresh_from_db()
    assert row.state == State.SENT
