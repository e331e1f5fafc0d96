"""Schedules: when they fire, once, by whose right, and the mail with the link."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from extracted.reporting.errors import ParameterError
from extracted.reporting.models import Run, Schedule, State
from extracted.reporting.running import work
from extracted.reporting.scheduling import fire, following, make_schedule
from strangler.outbox.models import OutboxMessage
from strangler.service import ServiceUser
from tests.services.reporting.conftest import BOSS, STAFF, TOKEN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def schedule(shop):
    """Return a function that makes a schedule."""

    def make(name="sales", *, by=STAFF, every="day", recipients=("ann@example.org",), **raw):
        return make_schedule(
            name, raw=raw, format="csv", every=every, recipients=recipients, user=ServiceUser(by)
        )

    return make


@pytest.mark.parametrize(
    ("every", "now", "then"),
    [
        ("hour", "2026-01-31T12:00Z", "2026-01-31T13:00Z"),
        ("day", "2026-02-03T13:00Z", "2026-02-04T12:00Z"),
        ("week", "2026-01-31T12:00Z", "2026-02-07T12:00Z"),
        ("month", "2026-01-31T12:00Z", "2026-02-28T12:00Z"),
        ("month", "2027-12-30T12:00Z", "2027-12-31T12:00Z"),
    ],
)
def test_the_next_moment_is_in_step_and_in_the_future(every, now, then):
    first = datetime(2026, 1, 31, 12, tzinfo=UTC)
    moments = [datetime.fromisoformat(each) for each in (now, then)]
    assert following(first, every=every, now=moments[0]) == moments[1]


def test_a_schedule_fires_once_with_two_beats_at_the_same_time(schedule):
    made = schedule()
    both = threading.Barrier(2)
    counts = []

    def beat():
        both.wait()
        counts.append(fire())
        connection.close()

    threads = [threading.Thread(target=beat) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 1]
    assert fire() == 0
    run = Run.objects.get()
    assert (run.schedule, run.owner, run.recipients) == (made, STAFF.id, ["ann@example.org"])
    made.refresh_from_db()
    assert timezone.now() < made.next_at <= timezone.now() + timedelta(days=1)


def test_what_was_missed_is_made_up_for_once(schedule):
    made = schedule(every="hour")
    Schedule.objects.update(next_at=timezone.now() - timedelta(hours=30))
    assert (fire(), fire()) == (1, 0)
    made.refresh_from_db()
    assert made.next_at > timezone.now()


def test_days_are_meant_anew_each_time(schedule):
    schedule("order-lines", since="yesterday", until="yesterday")
    fire()
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()
    assert Run.objects.get().parameters == {"since": yesterday, "until": yesterday}


def test_a_schedule_that_is_refused_stops_and_says_why(schedule, configure):
    schedule()
    configure(QUEUED_PER_USER=0)
    assert fire() == 0
    made = Schedule.objects.get()
    assert (made.is_active, Run.objects.count()) == (False, 0)
    assert "are not finished" in made.problem


def test_a_finished_run_sends_its_link_in_the_same_transaction(schedule, fresh, client_of):
    fresh()
    schedule(year="2026")
    fire()
    run = Run.objects.get()
    work(run.pk, holder="t1")
    message = OutboxMessage.objects.get()
    body = json.loads(message.body)
    assert (message.type, message.queue) == ("email.deliver", "email")
    assert (body["template"], body["to"]) == ("report", ["ann@example.org"])
    assert body["business_id"] == f"reporting:run:{run.pk}"
    link = body["context"]["report"]["link"].removeprefix("http://127.0.0.1:8000")
    answer = client_of(None).get(link)
    assert (answer.status_code, b"".join(answer)[:5]) == (200, b"month")


def test_a_run_that_nobody_scheduled_sends_nothing(wish, shop):
    run = wish("sales")
    work(run.pk, holder="t1")
    run.refresh_from_db()
    assert (run.state, OutboxMessage.objects.count()) == (State.READY, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"every": "minute"}, "every must be one of"),
        ({"recipients": ["nobody"]}, "'nobody' is no address"),
        ({"recipients": [f"p{n}@example.org" for n in range(21)]}, "at most 20 addresses"),
        ({"year": "1"}, "year must be"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(schedule, wrong, said):
    with pytest.raises(ParameterError, match=said):
        schedule(**wrong)


def test_schedules_are_made_seen_and_stopped_on_pages(shop, client_of):
    form = {
        "csrfmiddlewaretoken": TOKEN,
        "format": "pdf",
        "every": "week",
        "recipients": "ann@example.org, ben@example.org",
        "year": "",
    }
    assert client_of(BOSS).post("/reporting/reports/sales/schedule/", form).status_code == 302
    made = Schedule.objects.get()
    assert (made.recipients, made.parameters) == (["ann@example.org", "ben@example.org"], {})
    assert "ben@example.org" in client_of().get("/reporting/schedules/").content.decode()
    stop = f"/reporting/schedules/{made.pk}/stop/"
    assert client_of().post(stop, {"csrfmiddlewaretoken": TOKEN}).status_code == 404  # not theirs
    assert client_of(BOSS).post(stop, {"csrfmiddlewaretoken": TOKEN}).status_code == 302
    assert Schedule.objects.count() == 0
    refused = client_of().post("/reporting/reports/sales/schedule/", {**form, "every": "never"})
    assert refused.status_code == 400
