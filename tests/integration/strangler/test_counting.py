"""Counts are added to rows that may be there or not, by many at once, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread

import pytest
from django.db import OperationalError, connection

from strangler.rollout import counting
from strangler.rollout.models import SeamLatency, SeamTally

MINUTE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def tallied(seam, count, outcome="done"):
    return {"seam": seam, "minute": MINUTE, "side": "legacy", "outcome": outcome, "count": count}


@pytest.mark.django_db
def test_what_is_there_grows_and_what_is_missing_is_made():
    counting.add(SeamTally, [tallied("a", 3)], using="default")
    counting.add(SeamTally, [tallied("a", 4), tallied("a", 1, "failed"), tallied("b", 2)], using="default")
    found = SeamTally.objects.order_by("seam", "outcome").values_list("seam", "outcome", "minute", "count")
    assert list(found) == [("a", "done", MINUTE, 7), ("a", "failed", MINUTE, 1), ("b", "done", MINUTE, 2)]


@pytest.mark.django_db
def test_more_rows_than_fit_into_a_statement_are_all_added(django_assert_num_queries):
    rows = [
        {"seam": "a", "minute": MINUTE, "side": "legacy", "bucket": number, "count": number}
        for number in range(2 * counting.AT_ONCE + 1)
    ]
    with django_assert_num_queries(3):
        counting.add(SeamLatency, rows, using="default")
    assert dict(SeamLatency.objects.values_list("bucket", "count")) == {
        row["bucket"]: row["count"] for row in rows
    }


@pytest.mark.django_db
def test_without_rows_nobody_is_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        counting.add(SeamTally, [], using="default")


@pytest.mark.django_db(transaction=True)
def test_those_who_add_at_once_lose_nothing():
    def add():
        for _ in range(20):
            try:
                counting.add(SeamTally, [tallied("a", 1), tallied("b", 1)], using="default")
            except OperationalError:  # a deadlock, or a locked file: nothing of it was added
                refused.append(1)
        connection.close()

    refused: list[int] = []
    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(SeamTally.objects.values_list("seam", "count")) == dict.fromkeys("ab", 80 - len(refused))
