"""The read model: messages, chunks, marks; older rows never replace newer ones."""

from datetime import UTC, datetime, timedelta

import pytest

from extracted.reporting.errors import FeedError
from extracted.reporting.feed import apply_change, backfill, freshness
from extracted.reporting.feed.applying import MARGIN, Change, apply_chunk
from extracted.reporting.feed.tables import TABLES
from extracted.reporting.models import Customer, Day, Feed, OrderFact, Position
from extracted.reporting.tasks import changed, marked
from strangler.service.models import InboxMessage, InboxState
from tests.services.reporting.conftest import NOW, change, order

pytestmark = pytest.mark.django_db


def customer(pk, name="ann", at=NOW):
    return (pk, name, f"{name}@example.org", at.isoformat())


def names():
    return dict(Customer.objects.values_list("pk", "username"))


def test_a_message_brings_rows_replaces_them_and_takes_them_away():
    apply_change(change("customer", customer(1), customer(2, "ben")))
    apply_change(change("customer", customer(1, "anne")))
    assert names() == {1: "anne", 2: "ben"}
    apply_change(change("customer", deleted=[2]))
    assert names() == {1: "anne"}
    assert Feed.objects.get().applied == 4


def test_a_fact_brings_its_day():
    apply_change(change("order", order(1, at=datetime(2026, 12, 31, 23, 59, tzinfo=UTC))))
    day = Day.objects.get()
    assert (day.year, day.quarter, day.month.isoformat(), day.week, day.weekday) == (
        2026,
        4,
        "2026-12-01",
        53,
        4,
    )


def test_an_order_may_come_before_its_customer():
    apply_change(change("order", order(1, customer=99)))
    assert OrderFact.objects.get().customer_id == 99


def test_text_that_no_database_takes_is_made_storable():
    apply_change(change("customer", customer(1, "a\0b\ud800")))
    assert names() == {1: "a�b?"}


def test_a_chunk_does_not_undo_what_a_message_told_since_it_was_read():
    read_at = NOW
    apply_change(change("customer", customer(1, "newer"), at=read_at + timedelta(seconds=5)))
    apply_change(change("customer", customer(3, "gone"), at=read_at))
    apply_change(change("customer", deleted=[3], at=read_at + timedelta(seconds=5)))
    apply_change(change("customer", customer(4, "came"), at=read_at + timedelta(seconds=5)))
    rows = [customer(1, "older"), customer(2, "ben"), customer(3, "gone")]
    apply_chunk(Change.parse(change("customer", *rows, at=read_at, after=0, upto=None)))
    assert names() == {1: "newer", 2: "ben", 4: "came"}


def test_a_chunk_repairs_what_differs_in_its_range():
    long_ago = NOW - 2 * MARGIN
    wrong = [customer(1, "wrong"), customer(2, "left behind"), customer(9, "beyond")]
    apply_change(change("customer", *wrong, at=long_ago))
    apply_chunk(Change.parse(change("customer", customer(1), at=NOW, after=0, upto=5)))
    assert names() == {1: "ann", 9: "beyond"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"table": "secrets"},
        change("customer", (1, "ann")),
        change("customer", (1, "ann", "a@example.org", "yesterday")),
        change("order", (1, 1, "paid", "ten", NOW.isoformat())),
    ],
)
def test_what_can_not_be_understood_is_refused_whole(body):
    with pytest.raises(FeedError, match="can't be understood"):
        apply_change(body)
    assert names() == {}


class Shop:
    """The shop's side of a backfill: chunks of two."""

    def __init__(self, count, *, fails_after=99):
        self.asked, self.count, self.fails_after = [], count, fails_after

    def __call__(self, table, *, after):
        if len(self.asked) == self.fails_after:
            raise FeedError("the shop did not answer")
        self.asked.append((table, after))
        ids = [pk for pk in range(1, self.count + 1) if pk > after][:2] if table == "customer" else []
        rows = [customer(pk) for pk in ids]
        return change(table, *rows, after=after, upto=ids[-1] if len(ids) == 2 else None)


def test_a_backfill_goes_on_where_it_was_stopped_and_has_nothing_to_do_afterwards():
    told = []
    with pytest.raises(FeedError):
        backfill(Shop(5, fails_after=2), tell=lambda *seen: told.append(seen))
    assert (told, len(names())) == ([("customer", 2), ("customer", 4)], 4)
    shop = Shop(5)
    assert backfill(shop, tell=lambda *_: None) == 1
    assert shop.asked[0] == ("customer", 4)
    assert {each.table for each in Position.objects.filter(finished_at__isnull=False)} == set(TABLES)
    assert backfill(shop, tell=lambda *_: None) == 0
    assert backfill(shop, restart=True, tell=lambda *_: None) == 5
    assert len(names()) == 5


def test_freshness_says_as_of_when_and_warns(shop, fresh, configure):
    Feed.objects.all().delete()
    assert freshness().words.startswith("nobody knows")
    fresh(timedelta(seconds=1))
    assert not freshness().is_stale
    fresh(timedelta(seconds=60))  # an older mark arrives late: time does not go back
    assert not freshness().is_stale
    Feed.objects.update(as_of=datetime.now(UTC) - timedelta(seconds=60))
    assert freshness().is_stale
    assert "60 s behind the shop" in freshness().words
    Position.objects.filter(table="item").delete()
    assert freshness().words.startswith("not filled yet")


def test_messages_have_their_effect_once_and_what_is_poisonous_is_parked():
    body = change("customer", customer(1))
    for _ in range(2):
        changed.apply(kwargs={"body": body, "version": 1}, task_id="6ff4e8ab-6b6f-4bb4-a4e0-8c8d5c39c9c5")
    assert Feed.objects.get().applied == 1
    marked.apply(kwargs={"body": {"as_of": NOW.isoformat()}, "version": 1})
    assert Feed.objects.get().as_of == NOW
    changed.apply(kwargs={"body": {"table": "secrets"}, "version": 1})
    assert InboxMessage.objects.filter(state=InboxState.PARKED).count() == 1
    assert InboxMessage.objects.count() == 3
