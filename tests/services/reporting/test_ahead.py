"""Pages that are read while the one before is written."""

import threading
from dataclasses import replace

import pytest
from django.db import connection

from extracted.reporting.definitions import REPORTS
from extracted.reporting.definitions.report import Query
from extracted.reporting.running.ahead import ReadAhead

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun(monkeypatch):
    """Return a queue that hears of each page before it is read."""
    heard, page = [], Query.page

    def noted(self, cursor, values, *, after, limit):
        heard.append((after, limit, threading.current_thread() is threading.main_thread()))
        return page(self, cursor, values, after=after, limit=limit)

    monkeypatch.setattr(Query, "page", noted)
    return heard


def numbers(*, most):
    query = Query(
        sql="SELECT i, i FROM (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) n"
        " WHERE i > 0 {after} ORDER BY i LIMIT {limit}",
        after="AND i > %s",
        keys=1,
        arguments=lambda _: [],
    )
    report = replace(REPORTS["order-lines"], query=query, page_rows=2)
    return ReadAhead(report, {}, after=None, most=most)


@pytest.mark.parametrize(("most", "pages"), [(100, [[1, 2], [3, 4], [5]]), (4, [[1, 2], [3, 4]]), (0, [])])
def test_pages_come_in_order_up_to_the_most(most, pages):
    with numbers(most=most) as reading:
        found = [[row[0] for row in reading.take()] for _ in iter(reading.go_on, False)]
        assert (found, reading.has_more) == (pages, False)


def test_the_next_page_is_read_by_another_thread_while_this_one_has_the_rows(begun):
    with numbers(most=100) as reading:
        reading.go_on()
        assert [row[0] for row in reading.take()] == [1, 2]
        reading.go_on()
        reading.go_on()  # begun once
        assert [row[0] for row in reading.take()] == [3, 4]
    assert begun == [(None, 2, False), ([2], 2, False)]


def test_a_page_that_nobody_takes_leaves_the_connection_free():
    with numbers(most=100) as reading:
        assert reading.go_on()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone()[0] == 1


def test_nothing_is_taken_that_was_not_begun():
    with numbers(most=100) as reading, pytest.raises(RuntimeError, match="go_on comes before take"):
        reading.take()
